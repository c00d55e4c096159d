import { ABIS, COMPATIBLE, type Abi } from "../../../src/runtime/seccomp/abi.ts";
import type { SeccompOptions } from "../../../src/runtime/seccomp/compile.ts";
import type {
  ArgumentCondition,
  RuleScope,
  SeccompProfile,
  SeccompRule,
} from "../../../src/runtime/seccomp/profile.ts";
import type { Call } from "./seccomp-machine.ts";

const KILL_PROCESS = 0x80000000;
const FAIL_WITH_ENOSYS = 0x00050026;
const PERMISSIVE = new Set([0x7fff0000, 0x7ffc0000]);

export type NaiveOptions = SeccompOptions & { readonly capabilities: ReadonlySet<string> };

/** What a profile says of one call, read off its rules one by one: slow, and written without the compiler. */
export function naiveAction(profile: SeccompProfile, options: NaiveOptions, call: Call): number {
  const abi = abiOf(profile, options, call);
  if (abi === undefined) return KILL_PROCESS;
  const rules = profile.rules.filter((rule) => applies(rule, options));
  const args = [0, 1, 2, 3, 4, 5].map((index) => (call.args ?? [])[index] ?? 0n);
  const matching = rules.flatMap((rule) =>
    rule.action === profile.defaultAction ? [] : views(rule, abi, call),
  );
  const unconditional = matching.find(({ conditions }) => conditions.length === 0);
  if (unconditional !== undefined) return unconditional.action;
  const first = matching.find(({ conditions }) => conditions.every((test) => holds(test, args, abi)));
  if (first !== undefined) return first.action;
  const newer = call.number > newest(abi, rules) && matching.length === 0;
  const traced = (profile.defaultAction & 0x7fff0000) === 0x7ff00000;
  return newer && !PERMISSIVE.has(profile.defaultAction) && !traced
    ? FAIL_WITH_ENOSYS
    : profile.defaultAction;
}

function abiOf(profile: SeccompProfile, { architecture }: SeccompOptions, call: Call): Abi | undefined {
  const names = [
    architecture,
    ...COMPATIBLE[architecture].filter((name) => profile.compatible[architecture].includes(name)),
  ];
  const candidates = names.map((name) => ABIS[name]).filter((abi) => abi.audit === call.audit);
  const found = candidates.find((abi) => call.number >= abi.first && call.number <= abi.last);
  return found ?? (call.number === 0xffffffff ? candidates[0] : undefined);
}

function views(rule: SeccompRule, abi: Abi, call: Call): Pick<SeccompRule, "conditions" | "action">[] {
  const direct = rule.names.some((name) => abi.numbers.get(name) === call.number) ? [rule] : [];
  if (rule.conditions.length > 0) return direct;
  const carrier = abi.multiplexers.find(({ name }) => abi.numbers.get(name) === call.number);
  const carried = rule.names.flatMap((name) => {
    const selector = carrier?.selectors.get(name);
    if (carrier === undefined || selector === undefined) return [];
    const test: ArgumentCondition = {
      argument: 0,
      comparison: "EQ",
      value: BigInt(selector),
      mask: carrier.mask,
    };
    return [{ action: rule.action, conditions: [test] }];
  });
  return [...direct, ...carried];
}

function applies(
  { includes = {}, excludes = {} }: SeccompRule,
  { architecture, capabilities, kernel }: NaiveOptions,
): boolean {
  const machine = architecture === "x64" ? "amd64" : "arm64";
  const reached = ({ minKernel }: RuleScope): boolean =>
    minKernel === undefined ||
    kernel === undefined ||
    kernel.major * 1000 + kernel.minor >= minKernel.major * 1000 + minKernel.minor;
  return (
    (includes.capabilities ?? []).every((name) => capabilities.has(name)) &&
    (includes.architectures ?? [machine]).includes(machine) &&
    reached(includes) &&
    !(excludes.capabilities ?? []).some((name) => capabilities.has(name)) &&
    !(excludes.architectures ?? []).includes(machine) &&
    !(excludes.minKernel !== undefined && reached(excludes))
  );
}

function holds(
  { argument, comparison, value, mask }: ArgumentCondition,
  args: readonly bigint[],
  abi: Abi,
): boolean {
  const word = abi.wordBits === 32 ? 0xffffffffn : 0xffffffffffffffffn;
  const left = (args[argument] ?? 0n) & mask & word;
  const right = value & word;
  switch (comparison) {
    case "EQ":
      return left === right;
    case "NE":
      return left !== right;
    case "LT":
      return left < right;
    case "LE":
      return left <= right;
    case "GT":
      return left > right;
    case "GE":
      return left >= right;
  }
}

/** Nothing is newer than the rules when they name no call of the ABI. ARM's private calls do not count. */
function newest(abi: Abi, rules: readonly SeccompRule[]): number {
  const numbers = rules
    .flatMap((rule) => rule.names.map((name) => abi.numbers.get(name)))
    .filter((number) => number !== undefined && number - abi.first < 0xf0000) as number[];
  return numbers.length === 0 ? 0xffffffff : numbers.reduce((a, b) => Math.max(a, b));
}
