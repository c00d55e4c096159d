import { createHash, randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GantryError } from "../../../src/error.ts";
import { eventually, json, serve, type Served } from "./served.ts";

let api: Served;
beforeEach(async () => {
  api = await serve();
});
afterEach(() => api.close());

const TEXT = { "content-type": "text/plain" };

describe("images", () => {
  it("are imported from a body larger than any JSON may be, byte for byte", async () => {
    const archive = randomBytes(9 * 1024 * 1024);
    const answer = await api.request("POST", "/images/create?fromSrc=-&repo=tools&tag=1", archive, TEXT);
    const id = `sha256:${createHash("sha256").update(archive).digest("hex")}`;
    expect([answer.status, json(answer)]).toEqual([200, { status: id }]);
    const [image] = json<object[]>(await api.request("GET", "/images/json"));
    expect(image).toMatchObject({ Id: id, RepoTags: ["tools:1"], Size: archive.length, Containers: 0 });
  });

  it("are read only as fast as the store takes them", async () => {
    let taken = 0;
    let goOn!: () => void;
    const pause = new Promise<void>((resolve) => (goOn = resolve));
    api.engine.images.import = async (body) => {
      for await (const chunk of body) {
        if (taken === 0) await pause;
        taken += chunk.length;
      }
      return "sha256:0";
    };
    const connection = await api.connect();
    const total = 64 * 1024 * 1024;
    connection.write(
      `POST /images/create?fromSrc=-&repo=a HTTP/1.1\r\nHost: x\r\nContent-Length: ${total}\r\n\r\n`,
    );
    let pushed = 0;
    const piece = Buffer.alloc(1024 * 1024);
    // Until the kernel and the daemon take no more: a daemon that buffered would take it all.
    while (pushed < total && connection.writableLength < 4 * piece.length) {
      connection.write(piece);
      pushed += piece.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(pushed).toBeLessThan(total);
    goOn();
    for (; pushed < total; pushed += piece.length) connection.write(piece);
    await eventually(() => taken === total, "everything was taken");
    connection.destroy();
  });

  it("fail to import when the client breaks off", async () => {
    let failed: unknown;
    api.engine.images.import = async (body) => {
      try {
        for await (const chunk of body) void chunk;
      } catch (error) {
        failed = error;
        throw error;
      }
      return "sha256:0";
    };
    const connection = await api.connect();
    connection.write(
      "POST /images/create?fromSrc=-&repo=a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc",
    );
    connection.end();
    await eventually(() => failed !== undefined, "the store saw the archive break off");
    connection.destroy();
  });

  it("that are refused in the middle are answered though the client goes on sending", async () => {
    api.engine.images.import = async (body) => {
      for await (const chunk of body) throw new GantryError("image.invalid", `${typeof chunk}: no archive`);
      return "sha256:0";
    };
    const large = Buffer.alloc(32 * 1024 * 1024);
    const answer = await api.request("POST", "/images/create?fromSrc=-&repo=a", large, TEXT);
    expect([answer.status, json(answer)]).toEqual([
      400,
      { message: "object: no archive", code: "image.invalid" },
    ]);
  });

  it("need a name, and come from a body or a registry", async () => {
    for (const [query, status] of [
      ["fromSrc=-", 400],
      ["fromImage=nginx", 404],
      ["fromImage=Not%20A%20Name", 400],
      ["fromSrc=http://127.0.0.1/x.tar&repo=a", 501],
    ] as const) {
      expect([query, (await api.request("POST", `/images/create?${query}`)).status]).toEqual([query, status]);
    }
  });

  it("are found by reference, removed by a name with slashes, and missing in docker's words", async () => {
    await api.request("POST", "/images/create?fromSrc=-&repo=team/tools", "x", TEXT);
    await api.request("POST", "/images/create?fromSrc=-&repo=other&tag=2", "y", TEXT);
    const filters = encodeURIComponent('{"reference":{"team/tools":true}}');
    expect(json<object[]>(await api.request("GET", `/images/json?filters=${filters}`))).toHaveLength(1);
    expect((await api.request("GET", "/images/other:2/json")).status).toBe(200);
    const removed = await api.request("DELETE", "/images/team/tools");
    expect(json<object[]>(removed)[0]).toEqual({ Untagged: "team/tools" });
    const missing = await api.request("DELETE", "/images/team/tools");
    expect([missing.status, json<{ message: string }>(missing).message]).toEqual([
      404,
      "No such image: team/tools",
    ]);
  });
});
