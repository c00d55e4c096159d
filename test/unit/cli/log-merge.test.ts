import { expect, test } from "vitest";
import { mergeByTime } from "../../../src/cli/log-merge.ts";
import { LogPrinter } from "../../../src/cli/log-printer.ts";
import type { TimedLine } from "../../../src/cli/log-stream.ts";
import { TextBuffer } from "./text-buffer.ts";

async function* lines(...times: readonly string[]): AsyncGenerator<{ readonly time: string }> {
  for (const time of times) yield { time };
}

function line(text: string): TimedLine {
  return { time: "t", stream: "stdout", data: Buffer.from(text) };
}

test("lines of several logs come in order of time, among equals the earlier log's first", async () => {
  const merged: string[] = [];
  for await (const { source, item } of mergeByTime([lines("1", "4"), lines(), lines("2", "3", "4", "5")]))
    merged.push(`${source}:${item.time}`);
  expect(merged).toEqual(["0:1", "2:2", "2:3", "0:4", "2:4", "2:5"]);
});

test("stopping to read closes every source", async () => {
  const closed: number[] = [];
  async function* endless(id: number): AsyncGenerator<{ readonly time: string }> {
    try {
      for (let time = 0; ; time += 1) yield { time: String(time) };
    } finally {
      closed.push(id);
    }
  }
  for await (const _ of mergeByTime([endless(1), endless(2)])) break;
  expect(closed).toEqual([1, 2]);
});

test("names are aligned, a line in pieces stays one line unless another container writes in between", async () => {
  const stdout = new TextBuffer();
  const printer = new LogPrinter({ stdout, stderr: new TextBuffer() }, ["web-1", "db-10"], false);
  await Promise.all([
    printer.print("web-1", line("half ")),
    printer.print("web-1", line("and half\n")),
    printer.print("db-10", line("open")),
    printer.print("web-1", line("next\n")),
  ]);
  printer.close();
  expect(stdout.text).toBe("web-1  | half and half\ndb-10  | open\nweb-1  | next\n");
});

test("lines go to the stream they came from, with their time if asked for", async () => {
  const [stdout, stderr] = [new TextBuffer(), new TextBuffer()];
  const printer = new LogPrinter({ stdout, stderr }, ["web-1"], true);
  await printer.print("web-1", {
    time: "2026-11-24T02:44:07.1Z",
    stream: "stderr",
    data: Buffer.from("oh\n"),
  });
  expect([stdout.text, stderr.text]).toEqual(["", "web-1  | 2026-11-24T02:44:07.1Z oh\n"]);
});
