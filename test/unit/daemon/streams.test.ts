import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GantryError } from "../../../src/error.ts";
import { collect, demultiplex, eventually, json, serve, type Served } from "./served.ts";

let api: Served;
beforeEach(async () => {
  api = await serve();
});
afterEach(() => api.close());

const LOG = [
  "2026-11-24T02:44:01.000000001Z stdout F one",
  "2026-11-24T02:44:02.000000002Z stderr F two",
  "2026-11-24T02:44:03.000000003Z stdout P thr",
  "2026-11-24T02:44:04.000000004Z stdout F ee",
  "",
].join("\n");

async function logs(query: string): Promise<{ stdout: string; stderr: string }> {
  const { status, headers, body } = await api.request("GET", `/containers/web/logs?${query}`);
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("application/vnd.docker.multiplexed-stream");
  return demultiplex(body);
}

describe("logs", () => {
  it("are framed by stream, and chosen by stream, tail, since and until", async () => {
    api.engine.writeLog(api.engine.add("web", { state: "exited" }), LOG);
    expect(await logs("stdout=1&stderr=1")).toEqual({ stdout: "one\nthree\n", stderr: "two\n" });
    expect(await logs("stderr=1")).toEqual({ stdout: "", stderr: "two\n" });
    expect(await logs("stdout=1&tail=1")).toEqual({ stdout: "ee\n", stderr: "" });
    expect(await logs("stdout=1&stderr=1&tail=0")).toEqual({ stdout: "", stderr: "" });
    const second = Date.parse("2026-11-24T02:44:02Z") / 1000;
    expect(await logs(`stdout=1&stderr=1&since=${second}.0&until=${second + 1}`)).toEqual({
      stdout: "",
      stderr: "two\n",
    });
  });

  it("carry the time once a line, not once a part", async () => {
    api.engine.writeLog(api.engine.add("web", { state: "exited" }), LOG);
    const { stdout } = await logs("stdout=1&timestamps=1");
    expect(stdout).toBe("2026-11-24T02:44:01.000000001Z one\n2026-11-24T02:44:03.000000003Z three\n");
  });

  it("are followed until the container exits, the head sent before the first line", async () => {
    const web = api.engine.add("web");
    const connection = await api.connect();
    const text = collect(connection);
    connection.write("GET /containers/web/logs?follow=1&stdout=1&stderr=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    await eventually(() => text().includes("200 OK"), "the head arrived");
    api.engine.writeLog(web, LOG);
    await eventually(() => text().includes("ee\n"), "the last line arrived");
    api.engine.exit(web, 0);
    await eventually(() => text().endsWith("\r\n0\r\n\r\n"), "the stream ended");
    connection.destroy();
  });

  it("are not read ahead for a client that reads nothing, and are let go when it leaves", async () => {
    api.engine.add("web");
    const total = 2000;
    let given = 0;
    let ended = false;
    api.engine.containers.logs = async function* () {
      try {
        for (; given < total; given += 1) {
          yield { time: "2026-11-24T02:44:01Z", stream: "stdout", data: Buffer.alloc(16 * 1024) };
        }
      } finally {
        ended = true;
      }
    };
    const connection = await api.connect();
    connection.pause();
    connection.write("GET /containers/web/logs?stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    await eventually(() => given > 0, "it began");
    // An unhindered reader would have read on between two looks.
    let before = -1;
    for (; before !== given; await new Promise((resolve) => setTimeout(resolve, 20))) before = given;
    expect(given).toBeLessThan(total);
    connection.destroy();
    await eventually(() => ended, "the log was let go");
  });

  it("want at least one stream, a number for tail and a container that exists", async () => {
    api.engine.add("web");
    const status = async (path: string) => (await api.request("GET", path)).status;
    expect(await status("/containers/web/logs")).toBe(400);
    expect(await status("/containers/web/logs?stdout=1&tail=x")).toBe(400);
    expect(await status("/containers/web/logs?stdout=1&since=yesterday")).toBe(400);
    expect(await status("/containers/nobody/logs?stdout=1")).toBe(404);
  });
});

describe("events", () => {
  const event = { type: "container", action: "start", id: "f00", time: 1_764_000_000_123 } as const;

  it("come as they happen, in docker's shape, filtered", async () => {
    const connection = await api.connect();
    const text = collect(connection);
    const filters = encodeURIComponent(JSON.stringify({ event: ["start"], label: ["tier=web"] }));
    connection.write(`GET /events?filters=${filters} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await eventually(() => text().includes("\r\n\r\n"), "the head arrived");
    api.engine.emit({ ...event, action: "die", attributes: { tier: "web" } });
    api.engine.emit({ ...event, attributes: { tier: "db" } });
    api.engine.emit({ ...event, attributes: { tier: "web", image: "host", name: "shop-web-1" } });
    await eventually(() => text().includes("}\n"), "an event arrived");
    const lines = text()
      .split("\n")
      .filter((line) => line.startsWith("{"));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        status: "start",
        id: "f00",
        from: "host",
        Type: "container",
        Action: "start",
        Actor: { ID: "f00", Attributes: { tier: "web", image: "host", name: "shop-web-1" } },
        scope: "local",
        time: 1_764_000_000,
        timeNano: 1_764_000_000_123_000_000,
      },
    ]);
    connection.destroy();
    await eventually(() => api.engine.listeners.size === 0, "the listener was taken off");
  });

  it("end at `until`", async () => {
    const until = (Date.now() + 50) / 1000;
    const answer = await api.request("GET", `/events?until=${until.toFixed(3)}`);
    expect([answer.status, answer.body.length, api.engine.listeners.size]).toEqual([200, 0, 0]);
  });

  it("are not hoarded for a client that reads nothing: it is disconnected", async () => {
    const connection = await api.connect();
    connection.pause();
    connection.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    await eventually(() => api.engine.listeners.size === 1, "it is subscribed");
    const attributes = { name: "x".repeat(10_000) };
    let sent = 0;
    for (; api.engine.listeners.size > 0 && sent < 1000; sent += 1) {
      api.engine.emit({ ...event, attributes });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent).toBeLessThan(1000);
    connection.destroy();
  });
});

describe("projects", () => {
  const project = {
    name: "shop",
    services: {},
    volumes: {},
    images: {},
    workingFolder: "/srv",
    files: ["/srv/compose.yaml"],
  };

  it("are applied with a line of progress at a time", async () => {
    const answer = await api.request("PUT", "/gantry/v1/projects/shop?wait=1", { project });
    expect(answer.headers["content-type"]).toBe("application/x-ndjson");
    expect(String(answer.body)).toBe(
      '{"type":"plan","text":"+ web.1","steps":1}\n{"type":"done","changed":1,"ms":5}\n',
    );
    expect(json(await api.request("GET", "/gantry/v1/projects/shop"))).toEqual({ project, stopped: [] });
  });

  it("turn an error before the first line into a status, and a later one into the last line", async () => {
    const failure = new GantryError("port.taken", "port 80 is taken", { next: "free it" });
    const body = { message: "port 80 is taken", code: "port.taken", next: "free it" };
    api.engine.progress = async function* () {
      yield await Promise.reject(failure);
    };
    const refused = await api.request("PUT", "/gantry/v1/projects/shop", { project });
    expect([refused.status, json(refused)]).toEqual([409, body]);
    api.engine.progress = async function* () {
      yield { type: "plan", text: "", steps: 0 };
      throw failure;
    };
    const broken = await api.request("POST", "/gantry/v1/projects/shop/restart", {});
    expect(broken.status).toBe(200);
    expect(JSON.parse(String(broken.body).split("\n")[1] ?? "")).toEqual({ type: "error", error: body });
  });

  it("abort the engine's signal when the client leaves, and not when the stream is over", async () => {
    await api.request("PUT", "/gantry/v1/projects/shop", { project });
    expect(api.engine.signals.map(({ aborted }) => aborted)).toEqual([false]);
    let ended = false;
    api.engine.progress = async function* (signal) {
      yield { type: "plan", text: "", steps: 0 };
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      ended = true;
    };
    const connection = await api.connect();
    const body = JSON.stringify({ project });
    const head = `Host: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    const text = collect(connection);
    connection.write(`PUT /gantry/v1/projects/shop HTTP/1.1\r\n${head}\r\n\r\n${body}`);
    await eventually(() => text().includes('"plan"'), "the first line arrived");
    connection.destroy();
    await eventually(() => ended, "the engine's stream ended");
  });

  it("are planned, scaled, stopped and taken down", async () => {
    const plan = await api.request("POST", "/gantry/v1/projects/shop/plan");
    expect(json<{ text: string }>(plan).text).toBe("nothing to do");
    const status = async (method: string, path: string, body?: unknown) =>
      (await api.request(method, `/gantry/v1/projects/shop${path}`, body)).status;
    expect(await status("POST", "/scale", { service: "web", replicas: 3 })).toBe(200);
    expect(await status("POST", "/stop", { services: ["web"] })).toBe(200);
    expect(await status("DELETE", "?volumes=1")).toBe(200);
    expect(await status("POST", "/scale", { service: "web", replicas: "3" })).toBe(400);
    expect(await status("POST", "/scale", { service: "web", replicas: -1 })).toBe(400);
    expect(await status("POST", "/stop", { services: "web" })).toBe(400);
  });
});
