import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { json, readAll, serve, type Served } from "./served.ts";

let api: Served;
beforeEach(async () => {
  api = await serve();
});
afterEach(() => api.close());

const PLAN = "/gantry/v1/projects/shop/plan";

const project = {
  name: "shop",
  services: {
    web: {
      image: "host",
      environment: {},
      ports: [],
      mounts: [],
      replicas: 1,
      limits: {},
      restart: { name: "no" },
      stopGraceMs: 1000,
      labels: {},
      init: false,
    },
  },
  volumes: {},
  images: {},
  workingFolder: "/",
  files: ["-"],
};

async function message(answer: ReturnType<Served["request"]>): Promise<[number, string]> {
  const { status, ...rest } = await answer;
  const body = json<{ message: string; code: string }>({ status, ...rest });
  expect(typeof body.code).toBe("string");
  return [status, body.message];
}

describe("bodies", () => {
  it("that are no JSON, or no object, are 400", async () => {
    for (const body of ["{", "nonsense", "[1]", "3", '"text"', "\0"]) {
      expect([body, (await api.request("POST", PLAN, body)).status]).toEqual([body, 400]);
    }
  });

  it("of more than 4 MiB are 413, announced or not", async () => {
    const large = `"${"x".repeat(5 * 1024 * 1024)}"`;
    const announced = await api.connect();
    announced.write(
      `POST ${PLAN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${large.length}\r\n\r\n`,
    );
    expect(String(await readAll(announced))).toMatch(/^HTTP\/1\.1 413 /);
    const chunked = await api.connect();
    chunked.write(
      `POST ${PLAN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    chunked.write(`${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`);
    chunked.once("data", () => chunked.end());
    expect(String(await readAll(chunked))).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("of another media type are 415", async () => {
    const answer = api.request("POST", PLAN, "a=b", { "content-type": "application/x-www-form-urlencoded" });
    expect((await message(answer))[0]).toBe(415);
  });

  it("that reach for a prototype are refused and change none", async () => {
    const text = JSON.stringify(project);
    for (const body of [
      `{"__proto__":{"polluted":1}}`,
      `{"project":${text.replace('"labels":{}', '"labels":{"__proto__":"x"}')}}`,
    ]) {
      expect((await api.request("POST", PLAN, body)).status).toBe(400);
    }
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("may use any other name as data", async () => {
    const web = { ...project.services.web, labels: { constructor: "a", toString: "b" } };
    const named = { ...project, services: { constructor: web, hasOwnProperty: web } };
    expect((await api.request("POST", PLAN, { project: named })).status).toBe(200);
  });

  it("nested a hundred thousand deep are 400, and the daemon goes on", async () => {
    const deep = `{"project":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect((await api.request("POST", PLAN, deep)).status).toBe(400);
    expect((await api.request("GET", "/_ping")).status).toBe(200);
  });
});

describe("projects in bodies", () => {
  it.each([
    ["an unknown key", { colour: "red" }, 'unevaluated or additional: "colour"'],
    ["replicas as text", { replicas: "3" }, "project.services.web.replicas: must be integer"],
    [
      "a negative limit",
      { limits: { memoryBytes: -1 } },
      "project.services.web.limits.memoryBytes: must be >= 1",
    ],
    [
      "a port out of range",
      { ports: [{ protocol: "tcp", hostPort: 70_000, containerPort: 80 }] },
      "must be <= 65535",
    ],
    ["a mount of no kind", { mounts: [{ type: "disk", target: "/x" }] }, "project.services.web.mounts.0"],
    ["a relative target", { mounts: [{ type: "tmpfs", target: "x" }] }, "project.services.web.mounts.0"],
    [
      "a volume that names a path",
      { mounts: [{ type: "volume", source: "../../etc", target: "/x", readOnly: false }] },
      "project.services.web.mounts.0",
    ],
    ["a zero byte in a command", { command: ["a\0b"] }, "project.services.web.command.0"],
    ["a label that is a number", { labels: { a: 1 } }, "project.services.web.labels.a: must be string"],
  ])("with %s are refused, saying where", async (_what, change, where) => {
    const web = { ...project.services.web, ...change };
    const body = { project: { ...project, services: { web } } };
    const [status, text] = await message(api.request("PUT", "/gantry/v1/projects/shop", body));
    expect(status).toBe(400);
    expect(text).toContain(where.replace("unevaluated or additional", "must NOT have additional properties"));
    expect(api.engine.applied.size).toBe(0);
  });

  it("must be there, and of the path's name", async () => {
    expect((await api.request("PUT", "/gantry/v1/projects/shop", {})).status).toBe(400);
    expect((await api.request("PUT", "/gantry/v1/projects/other", { project })).status).toBe(400);
    expect((await api.request("PUT", "/gantry/v1/projects/shop", { project })).status).toBe(200);
  });
});

describe("paths", () => {
  it("that climb out of a name never reach the engine", async () => {
    for (const name of ["..%2f..%2fetc", "%2e%2e", "a%2fb", "%00", "a%0ab", ".", "-x", "x".repeat(300)]) {
      for (const [method, path] of [
        ["GET", `/containers/${name}/json`],
        ["DELETE", `/containers/${name}?force=1`],
        ["GET", `/containers/${name}/logs?stdout=1`],
        ["GET", `/gantry/v1/projects/${name}`],
      ] as const) {
        expect([path, (await api.request(method, path)).status]).toEqual([path, 404]);
      }
    }
    expect(api.engine.asked).toEqual([]);
  });

  it("with broken escapes are 400", async () => {
    expect((await api.request("GET", "/containers/%zz/json")).status).toBe(400);
  });
});

describe("filters", () => {
  it.each(["{", "[]", "3", '{"label":3}', '{"label":[3]}', '{"colour":["red"]}', '{"status":["sleeping"]}'])(
    "%s are 400",
    async (text) => {
      const [status] = await message(
        api.request("GET", `/containers/json?filters=${encodeURIComponent(text)}`),
      );
      expect(status).toBe(400);
    },
  );

  it("larger than a request's head may be are refused, and the daemon goes on", async () => {
    const huge = encodeURIComponent(JSON.stringify({ label: ["x".repeat(20_000)] }));
    expect((await api.request("GET", `/containers/json?filters=${huge}`)).status).toBe(431);
    expect((await api.request("GET", "/_ping")).status).toBe(200);
  });

  it("are no regular expressions that could take for ever", async () => {
    api.engine.add("a".repeat(60));
    const text = encodeURIComponent(JSON.stringify({ name: ["^(a+)+$b"] }));
    expect(json(await api.request("GET", `/containers/json?filters=${text}`))).toEqual([]);
  });

  it("given twice are 400", async () => {
    expect((await api.request("GET", "/containers/json?limit=1&limit=2")).status).toBe(400);
    expect((await api.request("GET", "/containers/json?limit=1.5")).status).toBe(400);
  });
});

describe("connections", () => {
  it("that speak no HTTP are answered 400 and closed", async () => {
    const connection = await api.connect();
    connection.write("\x16\x03\x01 hello\r\n\r\n");
    expect(String(await readAll(connection))).toMatch(/^HTTP\/1\.1 400 /);
  });
});
