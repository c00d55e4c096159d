import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { killAll, machineryOf } from "./machinery.ts";
import { SERVER } from "./server.fixture.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

const SLEEP = `["node","-e","setInterval(()=>0,1e6);process.on('SIGTERM',()=>process.exit(0))"]`;

function service(name: string, replicas: number, more = "", command = SLEEP): string {
  return `  ${name}:\n    image: host\n    command: ${command}\n    deploy: { replicas: ${replicas} }\n${more}`;
}

/** What a lookup inside a container gives, as JSON, or the error's code. */
async function ask(container: string, lookup: string): Promise<unknown> {
  const program = `const d=require('dns').promises;d.${lookup}.then(r=>console.log(JSON.stringify(r)),e=>console.log(JSON.stringify(e.code)))`;
  return JSON.parse(await instance().ok(["exec", container, "node", "-e", program]));
}

async function addressOf(name: string): Promise<string> {
  const { NetworkSettings } = await instance().get<{
    readonly NetworkSettings: { readonly IPAddress: string };
  }>(`/containers/${name}/json`);
  return NetworkSettings.IPAddress;
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? value.map(String).toSorted((a, b) => (a < b ? -1 : 1)) : value;
}

test("a service's name is all that run of it, a container's name is that one, and both are found at once", async () => {
  const web = service("web", 2, '    ports: ["127.0.0.1::80"]\n', SERVER);
  await instance().apply(`name: shop\nservices:\n${web}${service("one", 1)}`);
  const addresses = sorted([await addressOf("shop-web-1"), await addressOf("shop-web-2")]);
  expect(sorted(await ask("shop-one-1", "resolve4('web')"))).toEqual(addresses);
  expect(await ask("shop-one-1", "resolve4('shop-web-2.shop_default')")).toEqual([
    await addressOf("shop-web-2"),
  ]);
  expect(await ask("shop-one-1", "lookup('one')")).toEqual({
    address: await addressOf("shop-one-1"),
    family: 4,
  });
  expect(await ask("shop-one-1", `reverse('${await addressOf("shop-web-1")}')`)).toEqual([
    "shop-web-1.shop_default",
  ]);
  expect(await ask("shop-one-1", "resolveSrv('_80._tcp.web')")).toHaveLength(2);
  expect(await ask("shop-one-1", "resolve6('web')")).toBe("ENODATA");
  expect(await ask("shop-one-1", "resolve4('nobody')")).toBe("ENOTFOUND");
  const first = new Set<unknown>();
  await until("each replica to be the first of the answer once", async () => {
    first.add(((await ask("shop-one-1", "resolve4('web')")) as readonly string[])[0]);
    return first.size === 2;
  });
  await instance().ok(["kill", "shop-web-1"]);
  await until("the dead replica to be forgotten", async () => {
    const found = await ask("shop-one-1", "resolve4('web')");
    return JSON.stringify(found) === JSON.stringify([await addressOf("shop-web-2")]);
  });
});

test("names are found while there is no daemon, and again once a responder that died is back", async () => {
  await instance().apply(`name: shop\nservices:\n${service("web", 1)}${service("one", 1)}`);
  const web = await addressOf("shop-web-1");
  const pid = await instance().pidOf("shop-one-1");
  const { names: responders } = await machineryOf(instance().base);
  expect(responders).toHaveLength(1);
  await instance().endDaemon("SIGKILL");
  const { execFileSync } = await import("node:child_process");
  const program = "require('dns').resolve4('web',(e,r)=>console.log(e?.code??r.join()))";
  const resolve = (): string =>
    execFileSync("nsenter", ["-t", `${pid}`, "-a", "node", "-e", program], { encoding: "utf8" }).trim();
  expect(resolve()).toBe(web);
  await instance().ok(["ps", "-p", "shop"]); // starts a daemon
  expect((await machineryOf(instance().base)).names).toEqual(responders);
  expect(resolve()).toBe(web);
  killAll(responders);
  await until("another responder to answer", () => resolve() === web);
});

test("other projects' names are nobody's, and their responder does not answer", async () => {
  await instance().apply(`name: shop\nservices:\n${service("web", 1)}`);
  await instance().write("blog.yaml", `name: blog\nservices:\n${service("press", 1)}`);
  await instance().ok(["apply", "--wait", "-f", "blog.yaml"]);
  expect(await ask("shop-web-1", "resolve4('press')")).toBe("ENOTFOUND");
  const resolv = await instance().ok(["exec", "blog-press-1", "cat", "/etc/resolv.conf"]);
  const theirs = /nameserver (\S+)/.exec(resolv)?.[1];
  const direct = `resolver=new (require('dns').promises.Resolver)({timeout:300,tries:1});resolver.setServers(['${theirs}']);resolver.resolve4('press').then(console.log,e=>console.log(e.code))`;
  expect((await instance().ok(["exec", "shop-web-1", "node", "-e", direct])).trim()).toBe("ETIMEOUT");
});

/** Answers everything with 192.0.2.7 and how often it was asked, over UDP only with "too long". Port 53. */
const UPSTREAM = `
const {createServer} = require('net'), {createSocket} = require('dgram');
let count = 0;
function answer(query, flags, data) {
  let end = 12; while (query[end]) end += query[end] + 1;
  const head = Buffer.from(query.subarray(0, end + 5));
  head.writeUInt16BE(0x8180 | flags, 2); head.writeUInt16BE(data.length, 6); head.writeUInt16BE(0, 8); head.writeUInt16BE(0, 10);
  return Buffer.concat([head, ...data.map((d) => Buffer.concat([Buffer.from('c00c0001000100000e100004', 'hex'), Buffer.from(d)]))]);
}
const s = createSocket('udp4');
s.on('message', (m, p) => { count++; s.send(m.includes('long') ? answer(m, 0x200, []) : answer(m, 0, [[192,0,2,count]]), p.port, p.address); });
s.bind(53);
createServer((c) => c.on('error', () => 0).on('data', (m) => { const a = answer(m.subarray(2), 0, [[192,0,2,77]]); const l = Buffer.alloc(2); l.writeUInt16BE(a.length); c.write(Buffer.concat([l, a])); })).listen(53);
process.on('SIGTERM', () => process.exit(0));
`;

test("what is not the network's goes to the service's own resolvers, is remembered, and may be long", async () => {
  await instance().write("upstream.cjs", UPSTREAM);
  const upstream = `  upstream:
    image: host
    command: [node, /up/upstream.cjs]
    volumes: ["./upstream.cjs:/up/upstream.cjs:ro"]
`;
  await instance().apply(`name: shop\nservices:\n${upstream}`);
  const server = await addressOf("shop-upstream-1");
  const asker = service("one", 1, `    dns: ${server}\n    dns_search: [example.org]\n`);
  await instance().apply(`name: shop\nservices:\n${upstream}${asker}`);
  const resolv = await instance().ok(["exec", "shop-one-1", "cat", "/etc/resolv.conf"]);
  expect(resolv).toMatch(/^search example\.org$/m);
  expect(resolv).not.toContain(server);
  expect(await ask("shop-one-1", "resolve4('a.example.com')")).toEqual(["192.0.2.1"]);
  expect(await ask("shop-one-1", "resolve4('a.example.com')")).toEqual(["192.0.2.1"]);
  expect(await ask("shop-one-1", "resolve4('b.example.com')")).toEqual(["192.0.2.2"]);
  expect(await ask("shop-one-1", "resolve4('long.example.com')")).toEqual(["192.0.2.77"]);
  expect(await ask("shop-one-1", "resolve4('upstream')")).toEqual([server]);
});
