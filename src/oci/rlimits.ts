import { readFileSync } from "node:fs";
import { parseHardLimits } from "../host/privileges.ts";
import type { PlanWriter } from "../runtime/plan/encode.ts";
import { LIMIT_NAMES, RESOURCES } from "../runtime/ulimit.ts";
import type { BundleProcess } from "./bundle.ts";
import { OciError } from "./oci-error.ts";

/** Numbers by the names of the specification: `RLIMIT_NOFILE`. */
export const RLIMITS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(RESOURCES).map(([name, number]) => [`RLIMIT_${name.toUpperCase()}`, number]),
);
const CAP_SYS_RESOURCE = 24n;
/** Below this the machinery could not finish its own work. */
const ENOUGH_FILES = 1024n;

/** Of the child, by its parent, which may raise them; a low limit of open files is left for addLastRlimits. */
export function addRlimits(plan: PlanWriter, rlimits: BundleProcess["rlimits"]): void {
  for (const { type, soft, hard } of rlimits) {
    const least = (value: bigint): bigint =>
      type === "RLIMIT_NOFILE" && value !== -1n && value < ENOUGH_FILES ? ENOUGH_FILES : value;
    plan.add("rlimit", RLIMITS[type] ?? 0, least(soft), least(hard));
  }
}

export function addLastRlimits(plan: PlanWriter, rlimits: BundleProcess["rlimits"]): void {
  for (const { type, soft, hard } of rlimits)
    if (type === "RLIMIT_NOFILE") plan.add("rlimit", RLIMITS[type] ?? 0, soft, hard);
}

/** A limit this process may not raise would come out lower than asked for: that is an error. Throws OciError. */
export function checkRlimits(rlimits: BundleProcess["rlimits"]): void {
  if (rlimits.length === 0) return;
  const status = readFileSync("/proc/self/status", "utf8");
  const capabilities = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  if (((capabilities >> CAP_SYS_RESOURCE) & 1n) === 1n) return;
  const own = parseHardLimits(readFileSync("/proc/self/limits", "utf8"));
  for (const { type, hard } of rlimits) {
    const limit = own.get(LIMIT_NAMES[type.slice("RLIMIT_".length).toLowerCase()] ?? "");
    if (limit !== undefined && (hard === -1n || hard > BigInt(limit)))
      throw new OciError(`error setting rlimit type ${RLIMITS[type]}: operation not permitted`);
  }
}
