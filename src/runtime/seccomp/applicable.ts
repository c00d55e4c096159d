import type { MachineArchitecture } from "./abi.ts";
import type { KernelVersion, RuleScope, SeccompRule } from "./profile.ts";

/** What the conditions of a rule group are held against. */
export interface Circumstances {
  readonly architecture: MachineArchitecture;
  readonly capabilities: ReadonlySet<string>;
  /** Undefined counts as newer than anything asked for. */
  readonly kernel: KernelVersion | undefined;
}

const GO_NAMES: Readonly<Record<MachineArchitecture, string>> = { x64: "amd64", arm64: "arm64" };

/** The rules that count under these circumstances, in order. Docker's rules for `includes` and `excludes`. */
export function applicableRules(
  rules: readonly SeccompRule[],
  circumstances: Circumstances,
): readonly SeccompRule[] {
  return rules.filter(
    (rule) =>
      includedBy(rule.includes ?? {}, circumstances) && !excludedBy(rule.excludes ?? {}, circumstances),
  );
}

function includedBy(scope: RuleScope, { architecture, capabilities, kernel }: Circumstances): boolean {
  if (scope.architectures !== undefined && !scope.architectures.includes(GO_NAMES[architecture]))
    return false;
  if (scope.capabilities?.some((name) => !capabilities.has(name))) return false;
  return scope.minKernel === undefined || isAtLeast(kernel, scope.minKernel);
}

function excludedBy(scope: RuleScope, { architecture, capabilities, kernel }: Circumstances): boolean {
  if (scope.architectures?.includes(GO_NAMES[architecture])) return true;
  if (scope.capabilities?.some((name) => capabilities.has(name))) return true;
  return scope.minKernel !== undefined && isAtLeast(kernel, scope.minKernel);
}

function isAtLeast(kernel: KernelVersion | undefined, wanted: KernelVersion): boolean {
  if (kernel === undefined) return true;
  return kernel.major > wanted.major || (kernel.major === wanted.major && kernel.minor >= wanted.minor);
}
