import { expect, it } from "vitest";
import { type Stats, usageRow } from "../../../src/cli/usage-row.ts";

const STATS: Stats = {
  id: "0123456789abcdef",
  name: "/web-1",
  pids_stats: { current: 3 },
  cpu_stats: { cpu_usage: { total_usage: 3e9 }, system_cpu_usage: 14e9, online_cpus: 2 },
  precpu_stats: { cpu_usage: { total_usage: 2e9 }, system_cpu_usage: 10e9 },
  memory_stats: { usage: 60e6, limit: 100e6, stats: { inactive_file: 10e6 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: "Read", value: 1000 },
      { op: "write", value: 2000 },
      { op: "read", value: 500 },
    ],
  },
  networks: { eth0: { rx_bytes: 1000, tx_bytes: 2000 }, eth1: { rx_bytes: 1, tx_bytes: 0 } },
};

it("counts CPU time in processors, memory without what can be reclaimed, and sums devices and interfaces", () => {
  expect(usageRow(STATS)).toEqual([
    "0123456789ab",
    "web-1",
    "50.00%",
    "50MB / 100MB",
    "50.00%",
    "1kB / 2kB",
    "1.5kB / 2kB",
    "3",
  ]);
});

it("of a container that does not run every number is zero", () => {
  const stopped = {
    ...STATS,
    pids_stats: {},
    cpu_stats: { cpu_usage: { total_usage: 0 } },
    precpu_stats: { cpu_usage: { total_usage: 0 } },
    memory_stats: {},
    blkio_stats: { io_service_bytes_recursive: null },
    networks: {},
  };
  expect(usageRow(stopped).slice(2)).toEqual(["0.00%", "0B / 0B", "0.00%", "0B / 0B", "0B / 0B", "0"]);
});
