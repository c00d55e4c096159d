import type { ObservedContainer } from "../../observe/snapshot.ts";
import type { ContainerUsage } from "../../runtime/usage.ts";

/** A container's usage at one moment; undefined while it does not run. */
export type Sample = ContainerUsage | undefined;

/** How Docker writes "never": Go's zero time. */
const NEVER = "0001-01-01T00:00:00Z";

/**
 * An element of `GET /containers/{id}/stats` (Engine API, ContainerStatsResponse): what a container uses now, and what
 * it had used at the sample before, so that a client can tell its share of the CPU.
 */
export function statsShape({ id, name }: ObservedContainer, now: Sample, before: Sample): object {
  return {
    id,
    name: `/${name}`,
    read: now === undefined ? NEVER : new Date(now.time).toISOString(),
    preread: before === undefined ? NEVER : new Date(before.time).toISOString(),
    num_procs: 0,
    storage_stats: {},
    pids_stats:
      now?.pids === undefined
        ? {}
        : { current: now.pids.current, ...(now.pids.limit === undefined ? {} : { limit: now.pids.limit }) },
    cpu_stats: cpu(now),
    precpu_stats: cpu(before),
    memory_stats:
      now?.memory === undefined
        ? {}
        : { usage: now.memory.bytes, limit: now.memory.limitBytes, stats: now.memory.details },
    blkio_stats: blockIo(now),
    ...(now === undefined ? {} : { networks: networks(now) }),
  };
}

function cpu(sample: Sample): object {
  const { total = 0, user = 0, system = 0 } = sample?.cpu ?? {};
  const { periods = 0, throttled = 0, ns = 0 } = sample?.throttling ?? {};
  return {
    cpu_usage: { total_usage: total, usage_in_kernelmode: system, usage_in_usermode: user },
    ...(sample === undefined
      ? {}
      : { system_cpu_usage: sample.machine.cpuNs, online_cpus: sample.machine.cpus }),
    throttling_data: { periods, throttled_periods: throttled, throttled_time: ns },
  };
}

function blockIo(sample: Sample): object {
  const bytes = (sample?.io ?? []).flatMap(({ major, minor, readBytes, writeBytes }) => [
    { major, minor, op: "read", value: readBytes },
    { major, minor, op: "write", value: writeBytes },
  ]);
  return {
    io_service_bytes_recursive: bytes.length === 0 ? null : bytes,
    io_serviced_recursive: null,
    io_queue_recursive: null,
    io_service_time_recursive: null,
    io_wait_time_recursive: null,
    io_merged_recursive: null,
    io_time_recursive: null,
    sectors_recursive: null,
  };
}

function networks({ networks: found }: ContainerUsage): Record<string, object> {
  return Object.fromEntries(
    Object.entries(found).map(([name, network]) => [
      name,
      {
        rx_bytes: network.receivedBytes,
        rx_packets: network.receivedPackets,
        rx_errors: network.receiveErrors,
        rx_dropped: network.receiveDropped,
        tx_bytes: network.sentBytes,
        tx_packets: network.sentPackets,
        tx_errors: network.sendErrors,
        tx_dropped: network.sendDropped,
      },
    ]),
  );
}
