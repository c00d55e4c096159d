import { readFile } from "node:fs/promises";

/** What the kernel lets this process do, and so at most what it can give to others. */
export interface Privileges {
  /** CapEff, a bit mask as in proc_pid_status(5). */
  readonly capabilities: bigint;
  /** proc_pid_oom_score_adj(5): without CAP_SYS_RESOURCE nobody it starts can have less. */
  readonly oomScoreAdjustment: number;
  /** Hard limits by the names of proc_pid_limits(5): `Max open files`; undefined is unlimited. */
  readonly hardLimits: ReadonlyMap<string, number | undefined>;
}

export async function readPrivileges(): Promise<Privileges> {
  const [status, score, limits] = await Promise.all(
    ["status", "oom_score_adj", "limits"].map((name) => readFile(`/proc/self/${name}`, "utf8")),
  );
  return {
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status ?? "")?.[1] ?? "0"}`),
    oomScoreAdjustment: Number(score),
    hardLimits: parseHardLimits(limits ?? ""),
  };
}

/** Pure: name, soft limit, hard limit and unit stand in columns, two blanks or more apart. */
export function parseHardLimits(text: string): ReadonlyMap<string, number | undefined> {
  const rows = text.split("\n").slice(1).filter(Boolean);
  return new Map(
    rows.map((row) => {
      const [name = "", , hard = ""] = row.split(/\s{2,}/);
      return [name, hard === "unlimited" ? undefined : Number(hard)];
    }),
  );
}
