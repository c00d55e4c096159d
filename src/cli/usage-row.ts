import { humanBytes } from "./human.ts";

/** The parts of Docker's ContainerStatsResponse that a row is made of. */
export interface Stats {
  readonly id: string;
  /** With a leading slash. */
  readonly name: string;
  readonly pids_stats: { readonly current?: number };
  readonly cpu_stats: CpuStats;
  readonly precpu_stats: CpuStats;
  /** Bytes. */
  readonly memory_stats: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: Readonly<Record<string, number>>;
  };
  readonly blkio_stats: {
    readonly io_service_bytes_recursive: readonly { readonly op: string; readonly value: number }[] | null;
  };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>;
}

interface CpuStats {
  /** Nanoseconds. */
  readonly cpu_usage: { readonly total_usage: number };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

export const USAGE_HEADING = [
  "CONTAINER ID",
  "NAME",
  "CPU %",
  "MEM USAGE / LIMIT",
  "MEM %",
  "NET I/O",
  "BLOCK I/O",
  "PIDS",
] as const;

/** One container's usage in docker's columns; 100 % is one processor. */
export function usageRow(stats: Stats): readonly string[] {
  const { usage, limit = 0 } = stats.memory_stats;
  const used = usage === undefined ? 0 : usage - reclaimable(stats);
  const networks = Object.values(stats.networks ?? {});
  const io = (letter: string): number =>
    sum(
      (stats.blkio_stats.io_service_bytes_recursive ?? []).filter(({ op }) =>
        op.toLowerCase().startsWith(letter),
      ),
      ({ value }) => value,
    );
  return [
    stats.id.slice(0, 12),
    stats.name.replace(/^\//, ""),
    percent(cpuShare(stats)),
    `${humanBytes(used)} / ${humanBytes(limit)}`,
    percent(limit === 0 ? 0 : used / limit),
    `${humanBytes(sum(networks, ({ rx_bytes }) => rx_bytes))} / ${humanBytes(sum(networks, ({ tx_bytes }) => tx_bytes))}`,
    `${humanBytes(io("r"))} / ${humanBytes(io("w"))}`,
    String(stats.pids_stats.current ?? 0),
  ];
}

/** Of the time all processors had between two samples, counted in processors. */
function cpuShare({ cpu_stats: now, precpu_stats: before }: Stats): number {
  const machine = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  if (before.system_cpu_usage === undefined || machine <= 0 || used < 0) return 0;
  return (used / machine) * (now.online_cpus ?? 1);
}

/** File pages that the kernel gives up when memory is short: docker does not count them as used. */
function reclaimable({ memory_stats: { stats = {}, usage = 0 } }: Stats): number {
  const pages = stats["total_inactive_file"] ?? stats["inactive_file"] ?? 0;
  return pages < usage ? pages : 0;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
