import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collect, demultiplex, eventually, json, readAll, serve, type Served } from "./served.ts";

let api: Served;
beforeEach(async () => {
  api = await serve();
});
afterEach(() => api.close());

async function create(body: object): Promise<string> {
  const answer = await api.request("POST", "/containers/web/exec", body);
  expect(answer.status).toBe(201);
  return json<{ Id: string }>(answer).Id;
}

function upgrade(id: string, body = "{}", length = body.length): string {
  const head = `Host: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: ${length}`;
  return `POST /v1.47/exec/${id}/start HTTP/1.1\r\n${head}\r\n\r\n${body}`;
}

const streams = { AttachStdin: true, AttachStdout: true, AttachStderr: true };

describe("exec over a hijacked connection", () => {
  it("carries stdin, both outputs and the end of stdin, and keeps the exit status", async () => {
    api.engine.add("web");
    const id = await create({ ...streams, Cmd: ["sh", "-c", "cat; echo $A >&2; exit 3"], Env: ["A=b=c"] });
    const connection = await api.connect();
    // The first bytes of stdin come along with the request itself.
    connection.write(`${upgrade(id)}hello `);
    connection.end("world\n");
    const bytes = await readAll(connection);
    const end = bytes.indexOf("\r\n\r\n") + 4;
    expect(bytes.toString("utf8", 0, end)).toMatch(/^HTTP\/1\.1 101 UPGRADED\r\n/);
    expect(demultiplex(bytes.subarray(end))).toEqual({ stdout: "hello world\n", stderr: "b=c\n" });
    const detail = json<{ ExitCode: number; Running: boolean }>(await api.request("GET", `/exec/${id}/json`));
    expect(detail).toMatchObject({ ExitCode: 3, Running: false });
  });

  it("reports a command that does not exist as text and status 127", async () => {
    api.engine.add("web");
    const id = await create({ ...streams, Cmd: ["missing"] });
    const connection = await api.connect();
    connection.write(upgrade(id));
    expect((await readAll(connection)).toString()).toContain("missing: no such command");
    expect(json<{ ExitCode: number }>(await api.request("GET", `/exec/${id}/json`)).ExitCode).toBe(127);
  });

  it("runs detached, and once only", async () => {
    api.engine.add("web");
    const id = await create({ Cmd: ["true"] });
    const start = () => api.request("POST", `/exec/${id}/start`, { Detach: true });
    expect((await start()).status).toBe(200);
    expect((await start()).status).toBe(409);
  });

  it("sends the output plainly to a client that asks for no upgrade", async () => {
    api.engine.add("web");
    const id = await create({ ...streams, Cmd: ["echo", "hi"] });
    const answer = await api.request("POST", `/exec/${id}/start`, {});
    expect(demultiplex(answer.body)).toEqual({ stdout: "hi\n", stderr: "" });
  });

  it("gives up on a request that ends before its body, and starts nothing", async () => {
    api.engine.add("web");
    const id = await create({ ...streams, Cmd: ["true"] });
    const connection = await api.connect();
    connection.end(upgrade(id, "{", 20));
    expect((await readAll(connection)).toString()).toMatch(/^HTTP\/1\.1 400 /);
    expect(json<{ Pid: number }>(await api.request("GET", `/exec/${id}/json`)).Pid).toBe(0);
  });

  it.each([
    ["garbage for JSON", "{oops}", undefined, 400],
    ["a body that is too long", "{}", 1_000_000, 400],
  ])("refuses %s", async (_what, body, length, status) => {
    api.engine.add("web");
    const connection = await api.connect();
    connection.write(upgrade(await create({ ...streams, Cmd: ["true"] }), body, length));
    expect((await readAll(connection)).toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it("answers other upgrades and unknown execs", async () => {
    for (const [request, status] of [
      [upgrade("0".repeat(64)), 404],
      ["POST /session HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 501],
    ] as const) {
      const connection = await api.connect();
      connection.write(request);
      expect((await readAll(connection)).toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
  });

  it("ends stdin of a command whose client vanished", async () => {
    api.engine.add("web");
    const id = await create({ ...streams, Cmd: ["cat"] });
    const connection = await api.connect();
    const text = collect(connection);
    connection.write(`${upgrade(id)}x`);
    await eventually(() => text().endsWith("x"), "cat answered");
    connection.destroy();
    let over = false;
    while (!over) over = !json<{ Running: boolean }>(await api.request("GET", `/exec/${id}/json`)).Running;
  });

  it("sends a terminal's output plainly, and hands its size on", async () => {
    api.engine.add("web");
    const cat = { ...streams, Tty: true, ConsoleSize: [24, 80], Cmd: ["cat"] };
    const id = await create(cat);
    const resize = async (query: string) => (await api.request("POST", `/exec/${id}/resize?${query}`)).status;
    expect(await resize("h=30&w=90")).toBe(200); // before the start it is what the terminal begins with
    const connection = await api.connect();
    const text = collect(connection);
    connection.write(`${upgrade(id)}typed`);
    await eventually(() => text().endsWith("\r\n\r\ntyped"), "cat answered without frames");
    expect(text()).toContain("Content-Type: application/vnd.docker.raw-stream\r\n");
    expect(await resize("h=40&w=100")).toBe(200);
    expect(api.engine.asked).toContain("resize 40x100");
    for (const query of ["", "h=1", "h=-1&w=2", "h=1&w=65536"]) expect(await resize(query)).toBe(400);
    connection.end();
    for (let status = 200; status !== 409;) status = await resize("h=1&w=1"); // until it is over
    expect((await api.request("POST", "/containers/web/exec", { ...cat, ConsoleSize: [1] })).status).toBe(
      400,
    );
  });

  it("wants a running container and a command", async () => {
    api.engine.add("web");
    api.engine.add("dead", { state: "exited" });
    const status = async (name: string, body: unknown) =>
      (await api.request("POST", `/containers/${name}/exec`, body)).status;
    expect(await status("dead", { Cmd: ["true"] })).toBe(409);
    expect(await status("web", { Cmd: [] })).toBe(400);
    expect(await status("web", { Cmd: "true" })).toBe(400);
    expect(await status("web", { Cmd: ["true"], Env: ["=x"] })).toBe(400);
  });
});
