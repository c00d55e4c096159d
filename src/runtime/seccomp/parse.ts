import { ABIS, COMPATIBLE, type AbiName, type MachineArchitecture } from "./abi.ts";
import { arrayAt, invalid, objectAt, stringAt, stringsAt, type JsonObject } from "./json-shape.ts";
import { parseAction } from "./parse-action.ts";
import { parseRule } from "./parse-rule.ts";
import type { SeccompProfile } from "./profile.ts";

const PROFILE_KEYS = [
  "defaultAction",
  "defaultErrnoRet",
  "defaultErrno",
  "archMap",
  "architectures",
  "syscalls",
  "flags",
  "comment",
  "$schema",
];
/** Rules are looked at for every ABI; nobody writes so many, and a hostile file must not keep the daemon busy. */
const MOST_NAMES = 20_000;
const ARCHITECTURE = /^SCMP_ARCH_[A-Z0-9_]+$/;

/**
 * A profile in docker's JSON format (that of the OCI runtime specification, config-linux.md "Seccomp", with archMap,
 * includes and excludes). Unknown system calls are left out and told of in `warnings`, as they differ by kernel and
 * architecture; anything else that is not understood is refused, because a filter must not be weaker than its text.
 *
 * @param json what JSON.parse returned.
 * @throws GantryError `spec.invalid` that says where and what.
 */
export function parseSeccompProfile(json: unknown): SeccompProfile {
  const profile = objectAt(json, "", PROFILE_KEYS);
  const warnings: string[] = [];
  const warn = (warning: string): void => void warnings.push(warning);
  const defaultAction = parseAction(profile["defaultAction"], profile["defaultErrnoRet"], "defaultAction");
  if (profile["defaultErrno"] !== undefined) warn("defaultErrno: only defaultErrnoRet counts");
  const flags = stringsAt(profile["flags"], "flags");
  if (flags.length > 0) warn(`flags: not applied: ${flags.join(", ")}`);
  const rules = arrayAt(profile["syscalls"], "syscalls").flatMap((rule, index) =>
    parseRule(rule, `syscalls[${index}]`, warn),
  );
  if (rules.reduce((sum, { names }) => sum + names.length, 0) > MOST_NAMES)
    throw invalid("syscalls", `more than ${MOST_NAMES} names`);
  return { defaultAction, compatible: parseArchitectures(profile), rules, warnings };
}

/** The machine's own architecture is always let in, as with libseccomp; others of its kernel when they are named. */
function parseArchitectures(profile: JsonObject): SeccompProfile["compatible"] {
  const listed = architecturesAt(profile["architectures"], "architectures");
  const mapped = new Map<string, readonly string[]>();
  arrayAt(profile["archMap"], "archMap").forEach((entry, index) => {
    const path = `archMap[${index}]`;
    const json = objectAt(entry, path, ["architecture", "subArchitectures"]);
    const [architecture = ""] = architecturesAt([json["architecture"]], `${path}.architecture`);
    if (!mapped.has(architecture))
      mapped.set(architecture, architecturesAt(json["subArchitectures"], `${path}.subArchitectures`));
  });
  if (listed.length > 0 && mapped.size > 0)
    throw invalid("", "it has both architectures and archMap; use archMap");
  const letIn = (machine: MachineArchitecture): readonly AbiName[] => {
    const names = mapped.get(ABIS[machine].scmp) ?? listed;
    return COMPATIBLE[machine].filter((abi) => names.includes(ABIS[abi].scmp));
  };
  return { x64: letIn("x64"), arm64: letIn("arm64") };
}

function architecturesAt(value: unknown, path: string): readonly string[] {
  return arrayAt(value, path).map((item, index) => {
    const name = stringAt(item, `${path}[${index}]`);
    if (!ARCHITECTURE.test(name))
      throw invalid(
        `${path}[${index}]`,
        `${JSON.stringify(name)} is no architecture; SCMP_ARCH_X86_64 is one`,
      );
    return name;
  });
}
