import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appendFile, mkdtemp, open, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLog } from "../../../src/runtime/log.ts";
import type { LogLine, LogOptions } from "../../../src/runtime/session.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gantry-log-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const GONE = Promise.resolve();
const START = Date.parse("2026-11-24T02:44:00.000Z");

/** A record whose time is `number` ms after START. */
function record(number: number, content = `line ${number}`, tag = "F", stream = "stdout"): string {
  const time = new Date(START + number).toISOString().replace("Z", "456789Z");
  return `${time} ${stream} ${tag} ${content}\n`;
}

function records(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => record(from + index)).join("");
}

function write(name: string, content: string): Promise<void> {
  return writeFile(join(folder, name), content);
}

function text(line: LogLine): string {
  return Buffer.from(line.data).toString("utf8");
}

async function read(options: Partial<LogOptions> = {}, exited: Promise<unknown> = GONE): Promise<string[]> {
  const found: string[] = [];
  for await (const line of readLog(folder, { follow: false, ...options }, exited)) found.push(text(line));
  return found;
}

function lines(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`);
}

/** As the shim does it. */
async function rotate(): Promise<void> {
  await rename(join(folder, "log.1"), join(folder, "log.2")).catch(() => {});
  await rename(join(folder, "log"), join(folder, "log.1"));
  await write("log", "");
}

/** A container that runs until `exit` is called. */
function container(): { exit: () => void; exited: Promise<void> } {
  let exit!: () => void;
  const exited = new Promise<void>((resolve) => (exit = resolve));
  return { exit, exited };
}

/** Collects in the background; `reached` resolves once that many lines are there. */
function follow(options: Partial<LogOptions>, exited: Promise<unknown>) {
  const found: string[] = [];
  let notify: (() => void) | undefined;
  const end = (async () => {
    for await (const line of readLog(folder, { follow: true, ...options }, exited)) {
      found.push(text(line));
      notify?.();
    }
  })();
  const reached = async (count: number): Promise<void> => {
    while (found.length < count) await new Promise<void>((resolve) => (notify = resolve));
  };
  return { found, end, reached };
}

describe("reading what is there", () => {
  it("gives time, stream and text of each line", async () => {
    await write("log", record(1, "out") + record(2, "err", "F", "stderr"));
    const found: LogLine[] = [];
    for await (const line of readLog(folder, { follow: false }, GONE)) found.push(line);
    expect(found.map((line) => ({ ...line, data: text(line) }))).toEqual([
      { time: "2026-11-24T02:44:00.001456789Z", stream: "stdout", data: "out\n" },
      { time: "2026-11-24T02:44:00.002456789Z", stream: "stderr", data: "err\n" },
    ]);
  });

  it("reads rotated files oldest first", async () => {
    await write("log.2", records(0, 3));
    await write("log.1", records(3, 6));
    await write("log", records(6, 9));
    expect(await read()).toEqual(lines(0, 9));
  });

  it("joins nothing to a partial line: it comes without a newline", async () => {
    await write("log", record(1, "no newline yet", "P") + record(2, ", now", "F"));
    expect(await read()).toEqual(["no newline yet", ", now\n"]);
  });

  it("keeps empty lines, spaces and bytes that are no UTF-8", async () => {
    await write("log", record(1, "") + record(2, "  two  "));
    await appendFile(
      join(folder, "log"),
      Buffer.concat([Buffer.from(record(3, "").slice(0, -1)), Buffer.from([0xff, 0, 0x80, 10])]),
    );
    const found: Uint8Array[] = [];
    for await (const line of readLog(folder, { follow: false }, GONE)) found.push(line.data);
    expect(found.map((data) => [...data])).toEqual([
      [10],
      [...Buffer.from("  two  \n")],
      [0xff, 0, 0x80, 10],
    ]);
  });

  it("passes over a torn last line and lines that are no records", async () => {
    const torn = record(9, "torn").slice(0, -1);
    await write("log.1", records(0, 2) + torn);
    await write("log", `garbage\n\n \n2026 stdout F x\n${records(2, 4)}${torn}`);
    expect(await read()).toEqual(lines(0, 4));
  });

  it("reads a line larger than its buffer, and skips damage without end", async () => {
    const large = "x".repeat(300_000);
    await write("log", record(1, large) + "y".repeat(3_000_000) + "\n" + record(2, "after"));
    expect(await read()).toEqual([`${large}\n`, "after\n"]);
  });

  it("is empty where no log was ever written", async () => {
    expect(await read()).toEqual([]);
    await rm(folder, { recursive: true });
    expect(await read()).toEqual([]);
  });

  it("ends with what was there when it began, however fast the container writes", async () => {
    await write("log", records(0, 3));
    const found: string[] = [];
    for await (const line of readLog(folder, { follow: false }, GONE)) {
      found.push(text(line));
      await appendFile(join(folder, "log"), records(100, 2000));
    }
    expect(found).toEqual(lines(0, 3));
  });
});

describe("tail and since", () => {
  it.each([0, 1, 2, 3, 4, 7, 9, 100])("the last %i lines, across rotated files", async (tail) => {
    await write("log.2", records(0, 3));
    await write("log.1", records(3, 6));
    await write("log", records(6, 9));
    expect(await read({ tail })).toEqual(lines(Math.max(0, 9 - tail), 9));
  });

  it("counts no torn line", async () => {
    await write("log.1", records(0, 3) + "torn");
    await write("log", records(3, 5) + "torn");
    expect(await read({ tail: 3 })).toEqual(lines(2, 5));
  });

  it("finds the last lines of a log larger than its block", async () => {
    await write("log", records(0, 20_000));
    expect(await read({ tail: 3000 })).toEqual(lines(17_000, 20_000));
  });

  it("gives lines at or after `since`, to the millisecond", async () => {
    await write("log.1", records(0, 5));
    await write("log", records(5, 10));
    expect(await read({ since: START + 4 })).toEqual(lines(4, 10));
    expect(await read({ since: START + 7.9 })).toEqual(lines(7, 10));
    expect(await read({ since: START + 3, tail: 4 })).toEqual(lines(6, 10));
    expect(await read({ since: START + 8, tail: 4 })).toEqual(lines(8, 10));
  });

  it("does not read a rotated file that ended before `since`", async () => {
    // Its lines claim to be recent and its time says otherwise: only a reader that skipped the file leaves them out.
    await write("log.1", records(0, 5));
    await utimes(join(folder, "log.1"), START / 1000 - 60, START / 1000 - 60);
    await write("log", records(5, 7));
    expect(await read({ since: START })).toEqual(lines(5, 7));
  });
});

describe("following", () => {
  it("gives new lines as they come and ends after the exit with everything read", async () => {
    const { exit, exited } = container();
    await write("log", records(0, 2));
    const reader = follow({}, exited);
    await reader.reached(2);
    await appendFile(join(folder, "log"), records(2, 4));
    await reader.reached(4);
    await appendFile(join(folder, "log"), records(4, 5000));
    exit();
    await reader.end;
    expect(reader.found).toEqual(lines(0, 5000));
  });

  it("waits for the rest of a line that is written in pieces", async () => {
    const { exit, exited } = container();
    const whole = record(1, "in pieces");
    await write("log", record(0) + whole.slice(0, 30));
    const reader = follow({}, exited);
    await reader.reached(1);
    await appendFile(join(folder, "log"), whole.slice(30, 50));
    await appendFile(join(folder, "log"), whole.slice(50));
    await reader.reached(2);
    exit();
    await reader.end;
    expect(reader.found).toEqual(["line 0\n", "in pieces\n"]);
  });

  it("loses and repeats no line while the log rotates again and again", async () => {
    const { exit, exited } = container();
    await write("log", "");
    const reader = follow({}, exited);
    const total = 4000;
    for (let number = 0; number < total; number += 100) {
      // The last lines go into the file just before it is renamed, unseen by the reader so far.
      const file = await open(join(folder, "log"), "a");
      await file.write(records(number, number + 50));
      await file.write(records(number + 50, number + 100));
      await file.close();
      await rotate();
      // A reader two rotations behind may lose lines by contract; stay within that.
      if (number % 200 === 100) await reader.reached(number + 100);
    }
    exit();
    await reader.end;
    expect(reader.found).toEqual(lines(0, total));
  });

  it("begins with the tail", async () => {
    const { exit, exited } = container();
    await write("log", records(0, 10));
    const reader = follow({ tail: 1 }, exited);
    await reader.reached(1);
    await appendFile(join(folder, "log"), records(10, 11));
    await reader.reached(2);
    exit();
    await reader.end;
    expect(reader.found).toEqual(["line 9\n", "line 10\n"]);
  });

  it("waits for a log that is not there yet", async () => {
    const { exit, exited } = container();
    const reader = follow({}, exited);
    await write("log", records(0, 1));
    await reader.reached(1);
    exit();
    await reader.end;
    expect(reader.found).toEqual(lines(0, 1));
  });

  it("ends quietly when the reader gives up, also while it waits", async () => {
    const { exited } = container();
    await write("log", records(0, 1));
    const abort = new AbortController();
    const reader = follow({ signal: abort.signal }, exited);
    await reader.reached(1);
    abort.abort();
    await reader.end;
    await follow({ signal: AbortSignal.abort() }, exited).end;
  });
});
