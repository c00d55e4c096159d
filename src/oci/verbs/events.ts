import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { flatKeyed, ioOfV1, ioOfV2, limitOf } from "../../runtime/usage-texts.ts";
import { type CgroupFolder, readIfThere } from "../cgroup-folders.ts";
import { isSet, type Parsed, valueOf } from "../command-line.ts";
import { OciError } from "../oci-error.ts";
import { readState, statusOf } from "../state-folder.ts";
import type { Globals } from "../verbs.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** How soon an OOM kill and the container's end are seen. */
const LOOK_MS = 50;

/** `events ID`: a line of JSON with statistics at every interval, and one for each time the memory ran out. */
export async function events({ root }: Globals, parsed: Parsed): Promise<number> {
  const [id = ""] = parsed.words;
  const state = readState(root, id);
  const interval = millisecondsOf(valueOf(parsed, "interval") ?? "5s");
  if (statusOf(root, state) === "stopped") throw new OciError(`container with id ${id} is not running`);
  const print = (event: Readonly<Record<string, unknown>>): void =>
    void process.stdout.write(`${JSON.stringify(event)}\n`);
  const statistics = (): void => print({ type: "stats", id, data: readStatistics(state.cgroups) });
  if (isSet(parsed, "stats")) {
    statistics();
    return 0;
  }
  let kills = outOfMemory(state.cgroups);
  for (let next = Date.now() + interval; ;) {
    await delay(Math.max(0, Math.min(LOOK_MS, next - Date.now())));
    const now = outOfMemory(state.cgroups);
    if (now > kills) print({ type: "oom", id });
    kills = now;
    if (statusOf(root, state) === "stopped") return 0;
    if (Date.now() < next) continue;
    statistics();
    next += interval;
  }
}

function millisecondsOf(text: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const milliseconds = Number(digits) * (UNITS[unit] ?? Number.NaN);
  if (!(milliseconds > 0)) throw new OciError("duration interval must be greater than 0");
  return milliseconds;
}

function outOfMemory(cgroups: readonly CgroupFolder[]): number {
  const text = first(cgroups, "memory.events") || first(cgroups, "memory.oom_control");
  return flatKeyed(text)["oom_kill"] ?? 0;
}

/** Content of the first group's file of this name; the names differ between controllers. */
function first(cgroups: readonly CgroupFolder[], name: string): string {
  for (const { path } of cgroups) {
    const text = readIfThere(join(path, name));
    if (text !== "") return text;
  }
  return "";
}

/** The shape that runc's callers decode (runc types/events.go). */
function readStatistics(cgroups: readonly CgroupFolder[]): unknown {
  const number = (name: string): number => Number(first(cgroups, name).trim()) || 0;
  const cpu = flatKeyed(first(cgroups, "cpu.stat"));
  const ticks = flatKeyed(first(cgroups, "cpuacct.stat"));
  const unified = cpu["usage_usec"] !== undefined;
  const memory = flatKeyed(first(cgroups, "memory.stat"));
  const entry = (usage: string, limit: string, failures: string): unknown => ({
    usage: number(usage),
    limit: limitOf(first(cgroups, limit)) ?? 0,
    failcnt: number(failures),
  });
  const io = unified
    ? ioOfV2(first(cgroups, "io.stat"))
    : ioOfV1(first(cgroups, "blkio.throttle.io_service_bytes"));
  return {
    cpu: {
      usage: unified
        ? {
            total: (cpu["usage_usec"] ?? 0) * 1000,
            kernel: (cpu["system_usec"] ?? 0) * 1000,
            user: (cpu["user_usec"] ?? 0) * 1000,
          }
        : {
            total: number("cpuacct.usage"),
            kernel: (ticks["system"] ?? 0) * 10_000_000,
            user: (ticks["user"] ?? 0) * 10_000_000,
          },
      throttling: {
        periods: cpu["nr_periods"] ?? 0,
        throttledPeriods: cpu["nr_throttled"] ?? 0,
        throttledTime: cpu["throttled_time"] ?? (cpu["throttled_usec"] ?? 0) * 1000,
      },
    },
    memory: {
      usage: unified
        ? entry("memory.current", "memory.max", "")
        : entry("memory.usage_in_bytes", "memory.limit_in_bytes", "memory.failcnt"),
      swap: unified
        ? entry("memory.swap.current", "memory.swap.max", "")
        : entry("memory.memsw.usage_in_bytes", "memory.memsw.limit_in_bytes", "memory.memsw.failcnt"),
      cache: memory["cache"] ?? memory["file"] ?? 0,
      raw: memory,
    },
    pids: { current: number("pids.current"), limit: limitOf(first(cgroups, "pids.max")) ?? 0 },
    blkio: {
      ioServiceBytesRecursive: io.flatMap(({ major, minor, readBytes, writeBytes }) => [
        { major, minor, op: "Read", value: readBytes },
        { major, minor, op: "Write", value: writeBytes },
      ]),
    },
  };
}
