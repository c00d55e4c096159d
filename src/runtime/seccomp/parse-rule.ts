import { isSyscallName } from "./abi.ts";
import { isCapability } from "../capability.ts";
import {
  arrayAt,
  choiceAt,
  integerAt,
  invalid,
  objectAt,
  stringAt,
  stringsAt,
  unsigned64At,
} from "./json-shape.ts";
import { parseAction } from "./parse-action.ts";
import {
  WHOLE_ARGUMENT,
  type ArgumentCondition,
  type Comparison,
  type KernelVersion,
  type RuleScope,
  type SeccompRule,
} from "./profile.ts";

const RULE_KEYS = ["names", "name", "action", "errnoRet", "errno", "args", "comment", "includes", "excludes"];
const COMPARISONS: Readonly<Record<string, Comparison | "MASKED_EQ">> = {
  SCMP_CMP_NE: "NE",
  SCMP_CMP_LT: "LT",
  SCMP_CMP_LE: "LE",
  SCMP_CMP_EQ: "EQ",
  SCMP_CMP_GE: "GE",
  SCMP_CMP_GT: "GT",
  SCMP_CMP_MASKED_EQ: "MASKED_EQ",
};
/** The machines a profile may speak of, as libseccomp spells them. */
const ARCHITECTURES = new Set(
  (
    "x86 amd64 x32 arm arm64 loong64 loongarch64 mips mips64 mips64n32 mipsel mipsel64 mipsel64n32 mipsle " +
    "mips3l64n32 ppc ppc64 ppc64le riscv64 s390 s390x"
  ).split(" "),
);

/** One entry of `syscalls`; several rules where it has to be taken apart. */
export function parseRule(
  value: unknown,
  path: string,
  warn: (warning: string) => void,
): readonly SeccompRule[] {
  const json = objectAt(value, path, RULE_KEYS);
  const conditions = arrayAt(json["args"], `${path}.args`).map((item, index) =>
    parseCondition(item, `${path}.args[${index}]`),
  );
  const includes = parseScope(json["includes"], `${path}.includes`, warn);
  const excludes = parseScope(json["excludes"], `${path}.excludes`, warn);
  const rule: SeccompRule = {
    names: parseNames(json, path, warn),
    action: parseAction(json["action"], json["errnoRet"], `${path}.action`),
    conditions,
    ...(includes === undefined ? {} : { includes }),
    ...(excludes === undefined ? {} : { excludes }),
  };
  if (json["errno"] !== undefined) warn(`${path}.errno: only errnoRet counts`);
  if (new Set(conditions.map(({ argument }) => argument)).size === conditions.length) return [rule];
  // libseccomp cannot compare an argument twice, so runc makes rules of their own of them, and profiles rely on it.
  warn(`${path}.args: an index stands there twice, so one of the conditions is enough`);
  return conditions.map((condition) => ({ ...rule, conditions: [condition] }));
}

function parseNames(
  json: Readonly<Record<string, unknown>>,
  path: string,
  warn: (warning: string) => void,
): readonly string[] {
  const names = stringsAt(json["names"], `${path}.names`);
  const name =
    json["name"] === undefined || json["name"] === "" ? [] : [stringAt(json["name"], `${path}.name`)];
  if (names.length > 0 && name.length > 0) throw invalid(path, "it has both name and names; use names");
  const all = [...names, ...name];
  if (all.length === 0) throw invalid(path, "it names no system call");
  const unknown = all.filter((candidate) => !isSyscallName(candidate));
  if (unknown.length > 0)
    warn(`${path}.names: no system calls of x86 or ARM, ignored: ${unknown.join(", ")}`);
  return all.filter((candidate) => isSyscallName(candidate));
}

function parseCondition(value: unknown, path: string): ArgumentCondition {
  const json = objectAt(value, path, ["index", "value", "valueTwo", "op"]);
  const argument = integerAt(json["index"], `${path}.index`, 5);
  const first = unsigned64At(json["value"], `${path}.value`);
  const second = unsigned64At(json["valueTwo"] ?? 0, `${path}.valueTwo`);
  const comparison = choiceAt(json["op"], `${path}.op`, COMPARISONS);
  return comparison === "MASKED_EQ"
    ? { argument, comparison: "EQ", value: first & second, mask: first }
    : { argument, comparison, value: first, mask: WHOLE_ARGUMENT };
}

function parseScope(value: unknown, path: string, warn: (warning: string) => void): RuleScope | undefined {
  if (value === undefined || value === null) return undefined;
  const json = objectAt(value, path, ["caps", "arches", "minKernel"]);
  const capabilities = stringsAt(json["caps"], `${path}.caps`);
  const architectures = stringsAt(json["arches"], `${path}.arches`);
  const unknown = capabilities.filter((name) => !isCapability(name));
  if (unknown.length > 0) warn(`${path}.caps: no container has these capabilities: ${unknown.join(", ")}`);
  const misspelt = architectures.find((name) => !ARCHITECTURES.has(name));
  if (misspelt !== undefined)
    throw invalid(
      `${path}.arches`,
      `${JSON.stringify(misspelt)} is not one of ${[...ARCHITECTURES].join(", ")}`,
    );
  // An empty list says nothing, rather than "none of them".
  return {
    ...(capabilities.length === 0 ? {} : { capabilities }),
    ...(architectures.length === 0 ? {} : { architectures }),
    ...(isAbsent(json["minKernel"])
      ? {}
      : { minKernel: parseKernel(json["minKernel"], `${path}.minKernel`) }),
  };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function parseKernel(value: unknown, path: string): KernelVersion {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})$/.exec(stringAt(value, path)) ?? [];
  if (major === undefined || minor === undefined)
    throw invalid(path, `${JSON.stringify(value)} is no kernel version; it has two numbers, as in "4.8"`);
  return { major: Number(major), minor: Number(minor) };
}
