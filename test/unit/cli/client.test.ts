import type { Duplex } from "node:stream";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Client, segment } from "../../../src/cli/client.ts";
import { served, type Listener } from "./served-daemon.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A client of a server on a real unix socket. */
async function clientOf(listener: Listener, upgrade?: (socket: Duplex) => void): Promise<Client> {
  const { context } = await served(listener, (server) => {
    if (upgrade !== undefined) server.on("upgrade", (_request, connection) => upgrade(connection));
  });
  return new Client(context.paths.socket);
}

test("a JSON body goes out and a JSON answer comes back", async () => {
  const client = await clientOf(async (request, answer) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    answer.end(JSON.stringify([request.method, request.url, Buffer.concat(chunks).toString()]));
  });
  const query = { all: 1, none: undefined, label: "a=b&c" };
  expect(await client.json("PUT", `/x/${segment("../y")}`, { query, body: { a: "ü" } })).toEqual([
    "PUT",
    "/x/..%2Fy?all=1&label=a%3Db%26c",
    '{"a":"ü"}',
  ]);
});

test("an answer without a body is undefined", async () => {
  const client = await clientOf((_request, answer) => answer.writeHead(204).end());
  expect(await client.json("POST", "/x")).toBeUndefined();
});

test("the daemon's error is thrown as the error it was", async () => {
  const body = { message: "No such container: x", code: "container.not-found", next: "try: gantry ps -a" };
  const client = await clientOf((_request, answer) => answer.writeHead(404).end(JSON.stringify(body)));
  await expect(client.json("GET", "/x")).rejects.toMatchObject(body);
});

test("an error that is no error of ours still says something", async () => {
  const client = await clientOf((_request, answer) => answer.writeHead(502).end("<html>"));
  await expect(client.json("GET", "/x")).rejects.toMatchObject({
    code: "internal",
    message: "the daemon answered with status 502",
  });
});

test("nobody listening and a stale socket are both an unreachable daemon", async () => {
  const folder = await temporaryFolder();
  await expect(new Client(join(folder, "none.sock")).text("GET", "/")).rejects.toMatchObject({
    code: "daemon.unreachable",
  });
  await writeFile(join(folder, "file.sock"), "");
  await expect(new Client(join(folder, "file.sock")).text("GET", "/")).rejects.toMatchObject({
    code: "daemon.unreachable",
  });
});

test("a connection that breaks in the middle of a stream is an unreachable daemon, after the lines that came", async () => {
  const client = await clientOf((_request, answer) => {
    answer.write('{"n":1}\n', () => answer.destroy());
  });
  const seen: unknown[] = [];
  const read = async (): Promise<void> => {
    for await (const line of client.lines("GET", "/x")) seen.push(line);
  };
  await expect(read()).rejects.toMatchObject({ code: "daemon.unreachable" });
  expect(seen).toEqual([{ n: 1 }]);
});

test("aborting ends a stream that waits, and the server sees the connection close", async () => {
  let closed: Promise<unknown> | undefined;
  const client = await clientOf((request, answer) => {
    answer.write('{"n":1}\n');
    closed = once(request.socket, "close");
  });
  const abort = new AbortController();
  const read = async (): Promise<void> => {
    for await (const _ of client.lines("GET", "/x", { signal: abort.signal })) abort.abort();
  };
  await expect(read()).rejects.toMatchObject({ name: "AbortError" });
  await closed;
});

test("a file is uploaded as it is", async () => {
  const file = join(await temporaryFolder(), "archive");
  await writeFile(file, Buffer.alloc(300_000, 7));
  const client = await clientOf(async (request, answer) => {
    let size = 0;
    for await (const chunk of request) size += (chunk as Uint8Array).length;
    answer.end(JSON.stringify({ size }));
  });
  expect(await client.json("POST", "/x", { upload: createReadStream(file) })).toEqual({ size: 300_000 });
});

test("a hijacked connection carries both directions, and ending ours leaves the other open", async () => {
  const client = await clientOf(
    () => {},
    (socket) => {
      socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello ");
      const chunks: Uint8Array[] = [];
      socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      socket.on("end", () => socket.end(`you said ${Buffer.concat(chunks).toString()}`));
    },
  );
  const socket = await client.hijack("/exec/1/start", {});
  socket.end("ping");
  const answer: Uint8Array[] = [];
  for await (const chunk of socket) answer.push(chunk as Uint8Array);
  expect(Buffer.concat(answer).toString()).toBe("hello you said ping");
});

test("a hijack that is refused throws the daemon's error", async () => {
  const body = { message: "sh: no such command", code: "command.not-found" };
  const client = await clientOf((_request, answer) => answer.writeHead(400).end(JSON.stringify(body)));
  await expect(client.hijack("/exec/1/start", {})).rejects.toMatchObject(body);
});
