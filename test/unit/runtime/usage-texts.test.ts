import { describe, expect, it } from "vitest";
import {
  flatKeyed,
  ioOfV1,
  ioOfV2,
  limitOf,
  machineOf,
  networksOf,
  processTicks,
} from "../../../src/runtime/usage-texts.ts";

describe("the kernel's texts about usage", () => {
  it("the machine: CPU time to steal, not guests twice, and the processors", () => {
    const stat = "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n";
    expect(machineOf(stat, "MemFree: 1 kB\nMemTotal:       2048 kB\n")).toEqual({
      cpuNs: 36 * 1e7,
      cpus: 2,
      memoryBytes: 2 * 1024 * 1024,
    });
  });

  it("flat keyed files, and limits", () => {
    expect(flatKeyed("usage_usec 12\nnr_periods 3\nnot a line\n")).toEqual({ usage_usec: 12, nr_periods: 3 });
    expect(limitOf("4096\n")).toBe(4096);
    expect(limitOf("max\n")).toBeUndefined();
    expect(limitOf("")).toBeUndefined();
  });

  it("block devices in both versions' forms", () => {
    const expected = [{ major: 8, minor: 0, readBytes: 4096, writeBytes: 512 }];
    expect(ioOfV2("8:0 rbytes=4096 wbytes=512 rios=1 wios=1 dbytes=7\n")).toEqual(expected);
    expect(ioOfV1("8:0 Read 4096\n8:0 Write 512\n8:0 Sync 9\n8:0 Total 4608\nTotal 4608\n")).toEqual(
      expected,
    );
    expect(ioOfV1("")).toEqual([]);
  });

  it("interfaces without the loopback, with large counters joined to the name", () => {
    const dev = `Inter-|   Receive
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
    lo: 100 1 0 0 0 0 0 0 100 1 0 0 0 0 0 0
  eth0:1234567890 2 3 4 0 0 0 0 50 6 7 8 0 0 0 0
`;
    expect(networksOf(dev)).toEqual({
      eth0: {
        receivedBytes: 1234567890,
        receivedPackets: 2,
        receiveErrors: 3,
        receiveDropped: 4,
        sentBytes: 50,
        sentPackets: 6,
        sendErrors: 7,
        sendDropped: 8,
      },
    });
  });

  it("a process's own time and that of the children it reaped, whatever its name", () => {
    expect(processTicks("7 (a) b) 9 (c) S 1 2 3 4 5 6 7 8 9 10 100 20 3 4 20 0")).toEqual({
      user: 103,
      system: 24,
    });
  });
});
