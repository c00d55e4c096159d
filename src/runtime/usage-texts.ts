/** Pure readers of the kernel's texts about usage: cgroups(7), proc(5), and the kernel's cgroup-v2.rst. */

const NS_PER_TICK = 10_000_000;

export interface Machine {
  /** CPU time of all processors since boot, idle time included, in ns. */
  readonly cpuNs: number;
  readonly cpus: number;
  readonly memoryBytes: number;
}

export interface Io {
  readonly major: number;
  readonly minor: number;
  readonly readBytes: number;
  readonly writeBytes: number;
}

export interface Network {
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly receiveErrors: number;
  readonly receiveDropped: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly sendErrors: number;
  readonly sendDropped: number;
}

/** From /proc/stat and /proc/meminfo. */
export function machineOf(stat: string, meminfo: string): Machine {
  const [, ...ticks] = /^cpu .*$/m.exec(stat)?.[0].split(/\s+/) ?? [];
  // user to steal; what guests use is part of user already.
  const spent = ticks.slice(0, 8).reduce((sum, one) => sum + Number(one), 0);
  return {
    cpuNs: spent * NS_PER_TICK,
    cpus: stat.match(/^cpu\d+ /gm)?.length ?? 1,
    memoryBytes: Number(/^MemTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0) * 1024,
  };
}

/** Lines of `key value`. */
export function flatKeyed(text: string): Readonly<Record<string, number>> {
  const entries = [...text.matchAll(/^(\S+) (\d+)$/gm)];
  return Object.fromEntries(entries.map(([, key, value]) => [key, Number(value)]));
}

/** A limit; undefined for `max`. */
export function limitOf(text: string): number | undefined {
  return /^\d+$/.test(text.trim()) ? Number(text) : undefined;
}

/** v2's io.stat: `8:0 rbytes=4096 wbytes=0 rios=1 …`. */
export function ioOfV2(text: string): readonly Io[] {
  return [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)].map(([, major, minor, rest = ""]) => ({
    major: Number(major),
    minor: Number(minor),
    readBytes: Number(/\brbytes=(\d+)/.exec(rest)?.[1] ?? 0),
    writeBytes: Number(/\bwbytes=(\d+)/.exec(rest)?.[1] ?? 0),
  }));
}

/** v1's blkio.throttle.io_service_bytes: `8:0 Read 4096` and so on for each device. */
export function ioOfV1(text: string): readonly Io[] {
  const devices = new Map<string, { major: number; minor: number; readBytes: number; writeBytes: number }>();
  for (const [, major, minor, kind, bytes] of text.matchAll(/^(\d+):(\d+) (Read|Write) (\d+)$/gm)) {
    const key = `${major}:${minor}`;
    const device = devices.get(key) ?? {
      major: Number(major),
      minor: Number(minor),
      readBytes: 0,
      writeBytes: 0,
    };
    if (kind === "Read") device.readBytes = Number(bytes);
    else device.writeBytes = Number(bytes);
    devices.set(key, device);
  }
  return [...devices.values()];
}

/** /proc/<pid>/net/dev of a network namespace, by interface, without the loopback. */
export function networksOf(text: string): Readonly<Record<string, Network>> {
  const found: [string, Network][] = [];
  for (const [, name = "", counters = ""] of text.matchAll(/^\s*([^\s:]+):(.*)$/gm)) {
    if (name === "lo") continue;
    const numbers = counters.trim().split(/\s+/).map(Number);
    const at = (index: number): number => numbers[index] ?? 0;
    const network = {
      receivedBytes: at(0),
      receivedPackets: at(1),
      receiveErrors: at(2),
      receiveDropped: at(3),
      sentBytes: at(8),
      sentPackets: at(9),
      sendErrors: at(10),
      sendDropped: at(11),
    };
    found.push([name, network]);
  }
  return Object.fromEntries(found);
}

/** CPU ticks of a process and of the children it has waited for: fields 14 to 17 of proc_pid_stat(5). */
export function processTicks(stat: string): { readonly user: number; readonly system: number } {
  // The name in field 2 may hold anything, brackets and blanks as well.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3] ?? 0);
  return { user: field(14) + field(16), system: field(15) + field(17) };
}
