import type { Path } from "./path.ts";
import type { Ulimit } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";

/** A limit of `ulimits`, once the schema has passed it: both values at once, or each. */
export type UlimitValue = Integer | { readonly soft?: Integer; readonly hard?: Integer };

/** By name; undefined where there are none. The names themselves are the schema's matter. */
export function readUlimits(
  map: Readonly<Record<string, UlimitValue | undefined>> | undefined,
  path: Path,
  report: Report,
): Readonly<Record<string, Ulimit>> | undefined {
  const limits = Object.entries(map ?? {}).flatMap(([name, value]) => {
    if (value === undefined || name.startsWith("x-")) return [];
    const limit = report.attempt([...path, name], () => readUlimit(value));
    return limit === undefined ? [] : [[name, limit] as const];
  });
  return limits.length === 0 ? undefined : Object.fromEntries(limits);
}

function readUlimit(value: UlimitValue): Ulimit {
  if (typeof value !== "object") {
    const both = readLimit(value);
    return { soft: both, hard: both };
  }
  if (value.soft === undefined || value.hard === undefined)
    throw new InvalidValue('expected both "soft" and "hard", or one number for both');
  const soft = readLimit(value.soft);
  const hard = readLimit(value.hard);
  if (hard !== -1 && (soft === -1 || soft > hard))
    throw new InvalidValue(`the soft limit ${value.soft} is above the hard limit ${value.hard}`);
  return { soft, hard };
}

function readLimit(value: Integer): number {
  return readInteger(value, -1, Number.MAX_SAFE_INTEGER);
}
