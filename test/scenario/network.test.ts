import { createSocket } from "node:dgram";
import { type ClientRequest, get } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PortUsage } from "../../src/daemon/protocol.ts";
import { Instance } from "./instance.ts";
import { SERVER } from "./server.fixture.ts";
import { until } from "./until.ts";

let instance: Instance;
const downloads: ClientRequest[] = [];
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  for (const one of downloads.splice(0)) one.destroy();
  await instance.close(task.result?.state === "fail");
});

function spec(project: string, replicas: number, more: string): string {
  return `name: ${project}
services:
  web:
    image: host
    command: ${SERVER}
    deploy: { replicas: ${replicas} }
${more}`;
}

/** One request on a connection of its own: the answer's text, or what went wrong. */
function visit(port: number): Promise<string> {
  return new Promise((resolve) => {
    const sent = get({ host: "127.0.0.1", port, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve(response.statusCode === 200 ? body : `status ${response.statusCode}`));
      response.on("error", (error) => resolve(`failed: ${error.message}`));
    });
    sent.on("error", (error) => resolve(`failed: ${error.message}`));
  });
}

/** Requests one after the other until told to stop; resolves with those that failed and how many there were. */
function visitor(
  port: number,
): () => Promise<{ readonly failed: readonly string[]; readonly count: number }> {
  const stop = new AbortController();
  const done = (async () => {
    const failed: string[] = [];
    let count = 0;
    for (; !stop.signal.aborted; count++) {
      const answer = await visit(port);
      if (!/^[0-9a-f]{12}$/.test(answer)) failed.push(answer);
    }
    return { failed, count };
  })();
  return () => {
    stop.abort();
    return done;
  };
}

async function addressOf(name: string): Promise<string> {
  const { NetworkSettings } = await instance.get<{
    readonly NetworkSettings: { readonly IPAddress: string };
  }>(`/containers/${name}/json`);
  return NetworkSettings.IPAddress;
}

/** What the page at an address is, seen from inside a container. */
async function fetchFrom(container: string, host: string): Promise<string> {
  const program = `fetch('http://${host}/', {signal: AbortSignal.timeout(2000)}).then(r => r.text()).then(console.log, e => console.log('failed', e.cause?.code ?? e.name))`;
  return (await instance.ok(["exec", container, "node", "-e", program])).trim();
}

test("replicas of a project reach each other by name and by address, other projects not at all", async () => {
  await instance.apply(spec("one", 2, ""));
  await instance.write("two.yaml", spec("two", 1, ""));
  await instance.ok(["apply", "--wait", "-f", "two.yaml"]);
  const second = (await instance.inspect("one-web-2")).Id.slice(0, 12);
  for (const name of ["one-web-2", "web-2", second, await addressOf("one-web-2")])
    expect(await fetchFrom("one-web-1", name)).toBe(second);
  expect(await fetchFrom("one-web-1", "web")).toMatch(/^[0-9a-f]{12}$/);
  const stranger = await addressOf("two-web-1");
  expect(await fetchFrom("one-web-1", stranger)).toMatch(/^failed E(NETUNREACH|HOSTUNREACH)$/);
  expect(await fetchFrom("two-web-1", await addressOf("one-web-1"))).toMatch(/^failed E/);
  for (const name of ["one-web-1", "one-web-2", "two-web-1"])
    expect(await (await fetch(`http://${await addressOf(name)}/`)).text()).toMatch(/^[0-9a-f]{12}$/);
});

test("no request fails while a service is scaled from 1 to 5 to 2", async () => {
  const port = '    ports: ["127.0.0.1:18501:80"]\n';
  await instance.apply(spec("one", 1, port));
  const visitors = [visitor(18501), visitor(18501)];
  await instance.apply(spec("one", 5, port));
  await instance.apply(spec("one", 2, port));
  const results = await Promise.all(visitors.map((stop) => stop()));
  for (const { failed, count } of results) {
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(5);
  }
});

test("no request fails while every replica is replaced", async () => {
  const port = '    ports: ["127.0.0.1:18502:80"]\n';
  await instance.apply(spec("one", 2, port));
  const before = await instance.inspect("one-web-1");
  const visitors = [visitor(18502), visitor(18502)];
  await instance.apply(spec("one", 2, `${port}    environment: { COLOUR: green }\n`));
  const results = await Promise.all(visitors.map((stop) => stop()));
  for (const { failed } of results) expect(failed).toEqual([]);
  expect((await instance.inspect("one-web-1")).Id).not.toBe(before.Id);
});

/** Sends a line every 20 ms, for ever or for a second; ends at once when told to. */
function slow(ending: "" | ".unref()"): string {
  const body = ending === "" ? "" : "setTimeout(()=>r.end(),1000);";
  return `["node","-e","require('http').createServer((q,r)=>{r.write('begin');${body}setInterval(()=>r.write('.'),20)${ending}}).listen(80);process.on('SIGTERM',()=>process.exit(0))"]`;
}

interface Download {
  readonly text: () => string;
  /** How it ended, once it has. */
  readonly over: () => "complete" | "cut" | undefined;
}

async function download(port: number): Promise<Download> {
  let text = "";
  let over: "complete" | "cut" | undefined;
  const sent = get({ host: "127.0.0.1", port, agent: false }, (response) => {
    response.on("data", (chunk: Buffer) => (text += chunk.toString()));
    response.on("error", () => undefined); // `close` follows
    response.on("close", () => (over = response.complete ? "complete" : "cut"));
  });
  sent.on("error", () => (over = "cut"));
  downloads.push(sent);
  await until("the download to begin", () => text.startsWith("begin"));
  return { text: () => text, over: () => over };
}

function draining(replicas: number, port: number, command: string, grace: string): string {
  return `name: drain
services:
  web:
    image: host
    command: ${command}
    ports: ["127.0.0.1:${port}:80"]
    stop_grace_period: ${grace}
    deploy: { replicas: ${replicas} }
`;
}

test("scaling in lets a download that is under way finish", async () => {
  await instance.apply(draining(2, 18503, slow(".unref()"), "30s"));
  const begun = [await download(18503), await download(18503)]; // one on each
  await instance.apply(draining(1, 18503, slow(".unref()"), "30s"));
  for (const { over } of begun) expect(await until("its end", over)).toBe("complete");
  expect(await instance.running()).toEqual(["drain-web-1"]);
});

test("scaling in cuts a download that outlasts the grace period, and only that", async () => {
  await instance.apply(draining(2, 18504, slow(""), "1s"));
  const begun = [await download(18504), await download(18504)]; // one on each
  await instance.apply(draining(1, 18504, slow(""), "1s"));
  const cut = await until("one to be cut", () => begun.find(({ over }) => over() === "cut"));
  const [other] = begun.filter((one) => one !== cut);
  for (const { text, over } of [other!, await download(18504)]) {
    const before = text().length;
    await until("more of it", () => text().length > before);
    expect(over()).toBe(undefined);
  }
});

test("a UDP port carries datagrams there and back", async () => {
  const echo = `["node","-e","const s=require('dgram').createSocket('udp4');s.on('message',(m,p)=>s.send(m.toString().toUpperCase(),p.port,p.address));s.bind(53);process.on('SIGTERM',()=>process.exit(0))"]`;
  await instance.apply(`name: udp
services:
  echo:
    image: host
    command: ${echo}
    ports: ["127.0.0.1:18505:53/udp"]
`);
  const socket = createSocket("udp4");
  try {
    let heard = "";
    socket.on("message", (message) => (heard = message.toString()));
    await until("an echo", () => {
      socket.send("hello", 18505, "127.0.0.1"); // the server may not be up yet, and UDP does not say
      return heard === "HELLO";
    });
  } finally {
    socket.close();
  }
});

test("a range of ports is so many ports, each to its own", async () => {
  const program = `["node","-e","for(const p of [80,81,82])require('http').createServer((q,r)=>{r.setHeader('connection','close');r.end(''+p)}).listen(p);process.on('SIGTERM',()=>process.exit(0))"]`;
  await instance.apply(`name: range
services:
  web:
    image: host
    command: ${program}
    ports: ["127.0.0.1:18510-18512:80-82"]
`);
  expect(await Promise.all([18510, 18511, 18512].map(visit))).toEqual(["80", "81", "82"]);
});

test("what goes through a published port is counted", async () => {
  await instance.apply(spec("one", 2, '    ports: ["127.0.0.1:18520:80"]\n'));
  const usage = async () =>
    JSON.parse(await instance.ok(["stats", "--net", "-o", "json"])) as readonly PortUsage[];
  const [before] = await usage();
  for (let visits = 0; visits < 5; visits++) expect(await visit(18520)).toMatch(/^[0-9a-f]{12}$/);
  const [after, ...others] = await usage();
  expect(others).toEqual([]);
  expect(after).toMatchObject({ service: "web", hostPort: 18520, containerPort: 80, endpoints: 2, held: 0 });
  expect((after?.accepted ?? 0) - (before?.accepted ?? 0)).toBe(5);
  expect(after?.receivedBytes).toBeGreaterThan(200);
  expect(after?.sentBytes).toBeGreaterThan(200);
  expect(await instance.ok(["stats", "--net"])).toMatch(/127\.0\.0\.1:18520 -> 80\s+one\/web\s+2/);
});
