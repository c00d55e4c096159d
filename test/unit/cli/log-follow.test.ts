import type { ServerResponse } from "node:http";
import { expect, test, vi } from "vitest";
import { Client } from "../../../src/cli/client.ts";
import { ProjectLogs } from "../../../src/cli/log-follow.ts";
import { LogPrinter } from "../../../src/cli/log-printer.ts";
import { served } from "./served-daemon.ts";

function frame(time: string, text: string): Buffer {
  const data = Buffer.from(`2026-11-24T02:44:0${time}.000000000Z ${text}\n`);
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

function labels(number: string): Record<string, string> {
  return { "com.docker.compose.service": "web", "com.docker.compose.container-number": number };
}

test("a replica that joins is followed too, and one that starts again goes on behind its last line", async () => {
  let events: ServerResponse | undefined;
  const runs = new Map([
    ["a", [[frame("1", "one")], [frame("1", "one"), frame("2", "one again")]]],
    ["b", [[frame("3", "two")]]],
  ]);
  const { context, stdout } = await served((request, answer) => {
    const url = new URL(request.url ?? "", "http://daemon");
    if (url.pathname === "/events") {
      events = answer;
      answer.flushHeaders();
      return;
    }
    if (url.pathname === "/containers/json") {
      answer.end(JSON.stringify([{ Id: "a", Names: ["/shop-web-1"], Labels: labels("1") }]));
      return;
    }
    const run = runs.get(url.pathname.split("/")[2] ?? "")?.shift();
    answer.end(Buffer.concat(run ?? []));
  });
  const abort = new AbortController();
  const logs = new ProjectLogs(
    new Client(context.paths.socket),
    new LogPrinter(context, ["web-1"], false),
    abort.signal,
  );
  const following = logs.follow("shop", undefined, undefined);
  following.catch(() => {});
  await vi.waitFor(() => expect(stdout.text).toBe("web-1  | one\n"));
  const start = (id: string, number: string): void => {
    events?.write(`${JSON.stringify({ Actor: { ID: id, Attributes: labels(number) } })}\n`);
  };
  start("a", "1");
  await vi.waitFor(() => expect(stdout.text).toBe("web-1  | one\nweb-1  | one again\n"));
  start("b", "2");
  await vi.waitFor(() => expect(stdout.text).toBe("web-1  | one\nweb-1  | one again\nweb-2  | two\n"));
  abort.abort();
  await expect(following).rejects.toMatchObject({ name: "AbortError" });
});
