import { readFileSync, readdirSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { SERVER } from "./server.fixture.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

interface Detail {
  readonly State: {
    readonly Health?: { readonly Status: string; readonly Log: readonly { readonly Output: string }[] };
  };
}

async function health(name: string): Promise<Detail["State"]["Health"]> {
  return (await instance().get<Detail>(`/containers/${name}/json`)).State.Health;
}

async function healthIs(name: string, status: string): Promise<void> {
  await until(`${name} is ${status}`, async () => (await health(name))?.Status === status);
}

const state = (name: string): string => join(instance().folder, "state", name);

/**
 * A server for which a file in a folder that the test has as well decides what it answers: `/ready` is 503 while there is
 * one named after the container, `/live` does not answer while there is one named `hung`.
 */
const MOODY = `["${process.execPath}", "-e", "const f = require('fs'), h = require('os').hostname(); require('http').createServer((q, a) => { if (q.url === '/live' && f.existsSync('/state/hung')) return; a.statusCode = q.url === '/ready' && f.existsSync('/state/' + h) ? 503 : 200; a.end(h) }).listen(80, '127.0.0.1')"]`;

function moody(probes: string, extra = ""): string {
  return `name: moody
services:
  web:
    image: host
    command: ${MOODY}
    stop_grace_period: 0s
    volumes: ["./state:/state"]
    x-gantry:
${probes}${extra}`;
}

test("http from inside: a server that only its own container reaches is ready, is not, and is again", async () => {
  await instance().apply(
    moody("      ready: { http: { port: 80, path: /ready }, interval: 50ms, failures: 1 }\n"),
  );
  await healthIs("moody-web-1", "healthy");
  const hostname = (await instance().inspect("moody-web-1")).Id.slice(0, 12);
  await writeFile(state(hostname), "");
  await healthIs("moody-web-1", "unhealthy");
  expect((await health("moody-web-1"))?.Log.at(-1)?.Output).toContain("ready: HTTP status 503");
  await rm(state(hostname));
  await healthIs("moody-web-1", "healthy");
});

test("who is not ready has left proxy and names", async () => {
  const port = 18_437;
  await instance().apply(`name: lines
services:
  web:
    image: host
    command: ${SERVER}
    ports: ["127.0.0.1:${port}:80"]
    volumes: ["./state:/state"]
    x-gantry: { ready: { exec: "test ! -e /state/$$(hostname)", interval: 50ms, failures: 1 } }
    deploy: { replicas: 2 }
  asks: { image: host, command: [sleep, "1000"] }
`);
  const seen = async (): Promise<ReadonlySet<string>> => {
    const names = new Set<string>();
    for (let i = 0; i < 8; i++) names.add(await (await fetch(`http://127.0.0.1:${port}/`)).text());
    return names;
  };
  const addresses = async (): Promise<number> => {
    const found = await instance().ok(["exec", "asks", "getent", "ahostsv4", "web"]);
    return new Set(found.split("\n").flatMap((line) => line.match(/^\S+/) ?? [])).size;
  };
  await until("both serve", async () => (await seen()).size === 2 && (await addresses()) === 2);
  const [ill = ""] = await seen();
  await writeFile(state(ill), "");
  await until("one serves", async () => !(await seen()).has(ill) && (await addresses()) === 1);
});

test("who does not answer its live probe is restarted, ever later, whatever its restart policy", async () => {
  await instance().apply(
    moody(
      "      live: { http: { port: 80, path: /live }, interval: 50ms, timeout: 100ms, failures: 2 }\n",
      '    restart: "no"\n',
    ),
  );
  await healthIs("moody-web-1", "healthy");
  const before = await instance().pidOf("moody-web-1");
  await writeFile(state("hung"), "");
  await until("a second restart", async () => (await instance().inspect("moody-web-1")).RestartCount >= 2);
  const log = readFileSync(join(instance().env["GANTRY_RUN"] ?? "", "daemon.log"), "utf8");
  expect(log).toContain("live: port 80: no answer within 100 ms (attempt 1)");
  await rm(state("hung"));
  await healthIs("moody-web-1", "healthy");
  expect(await instance().pidOf("moody-web-1")).not.toBe(before);
});

test("startup comes before the others, and who never starts is restarted", async () => {
  await instance().write(
    "compose.yaml",
    moody(
      `      startup: { exec: [test, -e, /state/up], interval: 50ms, failures: 1000 }
      live: { exec: "touch /state/lives", interval: 50ms }
`,
    ),
  );
  await instance().ok(["apply"]);
  await until("the first probes", async () => ((await health("moody-web-1"))?.Log.length ?? 0) > 2);
  expect(readdirSync(state(""))).toEqual([]);
  await writeFile(state("up"), "");
  await healthIs("moody-web-1", "healthy");
  expect(readdirSync(state("")).toSorted()).toEqual(["lives", "up"]);
});

test("who never starts is restarted", async () => {
  await instance().write("compose.yaml", moody("      startup: { tcp: 81, interval: 50ms, failures: 2 }\n"));
  await instance().ok(["apply"]);
  await until("a restart", async () => (await instance().inspect("moody-web-1")).RestartCount >= 1);
});

test("probes are taken on by the running container", async () => {
  await instance().apply(moody("      ready: { tcp: 80, interval: 50ms }\n"));
  const pid = await instance().pidOf("moody-web-1");
  await instance().write("compose.yaml", moody("      ready: { tcp: 81, interval: 50ms, failures: 1 }\n"));
  expect(await instance().ok(["plan"]).catch(String)).toContain("probes changed (ready)");
  await instance().ok(["apply"]);
  await healthIs("moody-web-1", "unhealthy");
  expect((await health("moody-web-1"))?.Log.at(-1)?.Output).toContain("ready: port 81: nobody listens");
  // What the question before came to says nothing about the next: --wait does not give up for it.
  await instance().apply(moody("      ready: { tcp: 80, interval: 1h }\n"));
  await healthIs("moody-web-1", "healthy");
  expect(await instance().pidOf("moody-web-1")).toBe(pid);
});

test("what was known is known after the daemon was killed, and one prober is there, and none once it is gone", async () => {
  const probers = (): readonly number[] =>
    readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0 && parentOf(pid) !== undefined);
  let daemon = 0;
  const parentOf = (pid: number): number | undefined => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      return /^Name:\tgantry-prober$/m.test(status) && status.includes(`PPid:\t${daemon}\n`)
        ? daemon
        : undefined;
    } catch {
      return undefined;
    }
  };
  await instance().apply(moody("      ready: { tcp: 80, interval: 50ms }\n"));
  daemon = (await instance().daemonPid()) ?? 0;
  const [old = 0, ...others] = probers();
  expect(old).toBeGreaterThan(0);
  expect(others).toEqual([]);
  await instance().endDaemon("SIGKILL");
  await until("the prober's end", () => !readdirSync("/proc").includes(String(old)));
  await instance().ok(["ps"]);
  expect((await health("moody-web-1"))?.Status).toBe("healthy");
});
