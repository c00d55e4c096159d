import { readFileSync } from "node:fs";
import { parseJson } from "../bundle.ts";
import { numberOf, type Parsed, valueOf } from "../command-line.ts";
import { Fields } from "../fields.ts";
import { OciError } from "../oci-error.ts";
import { applyResources } from "../resources.ts";
import { readState, statusOf } from "../state-folder.ts";
import type { Globals } from "../verbs.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
};

/** `update ID`: new limits for a running container; those not named stay. */
export async function update({ root }: Globals, parsed: Parsed): Promise<number> {
  const state = readState(root, parsed.words[0] ?? "");
  if (statusOf(root, state) === "stopped") throw new OciError("container not running");
  const file = valueOf(parsed, "resources");
  const json =
    file === undefined ? ofFlags(parsed) : parseJson(readFileSync(file === "-" ? 0 : file, "utf8"));
  applyResources(state.cgroups, new Fields(json, "resources"));
  return 0;
}

/** As `linux.resources` has them. */
function ofFlags(parsed: Parsed): unknown {
  const number = (name: string): number | undefined => numberOf(parsed, name);
  const swap = valueOf(parsed, "memory-swap");
  return {
    cpu: {
      shares: number("cpu-share"),
      quota: number("cpu-quota"),
      period: number("cpu-period"),
      realtimePeriod: number("cpu-rt-period"),
      realtimeRuntime: number("cpu-rt-runtime"),
      cpus: valueOf(parsed, "cpuset-cpus"),
      mems: valueOf(parsed, "cpuset-mems"),
      idle: number("cpu-idle"),
    },
    memory: {
      limit: bytesOf(valueOf(parsed, "memory")),
      reservation: bytesOf(valueOf(parsed, "memory-reservation")),
      swap: bytesOf(swap),
    },
    pids: { limit: number("pids-limit") },
    blockIO: { weight: number("blkio-weight") },
  };
}

/** `512`, `50M`, `-1`. Throws OciError. */
function bytesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === "-1") return -1;
  const [, digits, unit = ""] = /^(\d{1,15})([bkmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  if (digits === undefined) throw new OciError(`invalid size: '${text}'`);
  return Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
}
