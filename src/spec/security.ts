import { readCapability } from "./capability.ts";
import type { Path } from "./path.ts";
import type { Security } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readBoolean } from "./scalar.ts";

/** The keys of a service that say what its processes may do. */
export interface SecurityKeys {
  readonly privileged?: boolean | string;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

/** The text of the seccomp profile at a path as the file writes it; throws InvalidValue where it cannot be had. */
export type ProfileText = (path: string) => string;

/** Options of other systems' security modules: gantry loads no policy into them. */
const WITHOUT_EFFECT = new Set(["apparmor", "label", "systempaths", "writable-cgroups"]);

/** What a service asks for beyond, or short of, the default; undefined where that is nothing. */
export function readSecurity(
  map: SecurityKeys,
  path: Path,
  report: Report,
  profile: ProfileText,
): Security | undefined {
  const names = (key: "cap_add" | "cap_drop"): readonly string[] => {
    const found = (map[key] ?? []).map((entry, index) =>
      report.attempt([...path, key, index], () => readCapability(entry)),
    );
    return [...new Set(found.filter((name) => name !== undefined))].sort();
  };
  const capAdd = names("cap_add");
  const capDrop = names("cap_drop");
  const { privileged: written } = map;
  const privileged =
    written !== undefined && report.attempt([...path, "privileged"], () => readBoolean(written)) === true;
  const security: Security = {
    ...(capAdd.length === 0 ? {} : { capAdd }),
    ...(capDrop.length === 0 ? {} : { capDrop }),
    ...(privileged ? { privileged } : {}),
    ...readOptions(map.security_opt ?? [], [...path, "security_opt"], report, profile),
  };
  return Object.keys(security).length === 0 ? undefined : security;
}

function readOptions(
  options: readonly string[],
  path: Path,
  report: Report,
  profile: ProfileText,
): Pick<Security, "noNewPrivileges" | "seccomp"> {
  let result: Pick<Security, "noNewPrivileges" | "seccomp"> = {};
  for (const [index, option] of options.entries()) {
    const where = [...path, index];
    const [name, value] = splitOption(option);
    if (WITHOUT_EFFECT.has(name)) {
      report.warning(where, `${name} options have no effect: gantry sets no policy of that kind`);
      continue;
    }
    result = { ...result, ...report.attempt(where, () => readOption(option, name, value, profile)) };
  }
  return result;
}

function readOption(
  option: string,
  name: string,
  value: string | undefined,
  profile: ProfileText,
): Pick<Security, "noNewPrivileges" | "seccomp"> {
  if (name === "no-new-privileges") return readBoolean(value ?? true) ? { noNewPrivileges: true } : {};
  if (name !== "seccomp")
    throw new InvalidValue(`unknown security option "${option}" (known are seccomp and no-new-privileges)`);
  if (value === undefined || value === "")
    throw new InvalidValue("expected seccomp=unconfined or seccomp=PATH of a profile");
  if (value === "builtin") return {};
  return { seccomp: value === "unconfined" ? value : profile(value) };
}

/** `name=value`, or `name:value` as it was written before. */
export function splitOption(option: string): readonly [name: string, value: string | undefined] {
  const at = option.search(/[=:]/);
  return at === -1 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)];
}

/** The paths of the profiles that the services of a file name, as they are written. `value` has not been checked. */
export function profilePaths(value: unknown): readonly string[] {
  const services = Object.values(mapAt(value, "services"));
  const options = services.flatMap((service) => {
    const listed = mapOf(service)["security_opt"];
    return Array.isArray(listed) ? (listed as readonly unknown[]) : [];
  });
  const paths = options.flatMap((option) => {
    const [name, path = ""] = splitOption(String(option));
    return name === "seccomp" && !["", "unconfined", "builtin"].includes(path) ? [path] : [];
  });
  return [...new Set(paths)];
}

function mapAt(value: unknown, key: string): Readonly<Record<string, unknown>> {
  return mapOf(mapOf(value)[key]);
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
