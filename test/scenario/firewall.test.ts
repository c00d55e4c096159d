import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { SERVER } from "./server.fixture.ts";
import { type SmallWorld, smallWorld } from "./small-world.fixture.ts";
import { until } from "./until.ts";

let world: SmallWorld;
let instance: Instance;
beforeEach(async () => {
  world = await smallWorld();
  instance = await Instance.open(world.machine);
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
  world.close();
});

const SPEC = `name: shop
services:
  web:
    image: host
    command: ${SERVER}
`;
/** Says who asks. */
const WHO =
  "require('net').createServer(s=>{s.on('error',()=>0);s.end(s.remoteAddress)}).listen(80,'0.0.0.0',()=>console.log('ready'))";

async function serveOutside(): Promise<void> {
  const server = world.serve("node", "-e", WHO);
  if (server.stdout !== null) await once(server.stdout, "data");
}

const CONNECT = `const [host, port] = process.argv.slice(1);
const s = require('net').connect({ host, port: Number(port) });
s.setTimeout(700, () => { console.log('silence'); process.exit(); });
s.on('error', (e) => { console.log(e.code); process.exit(); });
s.on('data', (d) => { console.log(String(d)); process.exit(); });
s.write('GET / HTTP/1.0\\r\\n\\r\\n');`;

/** What a container hears from an address: the first bytes, an error's code, or silence. */
async function from(container: string, address: string): Promise<string> {
  return (await instance.ok(["exec", container, "node", "-e", CONNECT, address, "80"])).trim();
}

function fromOutside(address: string): string {
  return world.run("outside", "node", "-e", CONNECT, address, "80");
}

async function addressOf(name: string): Promise<string> {
  const { NetworkSettings } = await instance.get<{
    readonly NetworkSettings: { readonly IPAddress: string };
  }>(`/containers/${name}/json`);
  return NetworkSettings.IPAddress;
}

function rules(): string {
  return world.run("machine", "nft", "list", "ruleset");
}

function forwarding(name: string): string {
  return world.run("machine", "sysctl", "-n", `net.ipv4.conf.${name}.forwarding`);
}

test("a container reaches the outside under the machine's address, and nobody outside reaches a container", async () => {
  await serveOutside();
  world.run(
    "machine",
    "nft",
    "add table inet theirs; add chain inet theirs own; add rule inet theirs own counter",
  );
  const theirs = rules();
  await instance.apply(SPEC);
  expect(await from("shop-web-1", world.outside)).toBe(world.address);
  const web = await addressOf("shop-web-1");
  world.run("outside", "ip", "route", "add", "10.208.0.0/12", "via", world.address);
  expect(fromOutside(web)).toBe("silence");
  expect(world.run("machine", "node", "-e", CONNECT, web, "80")).toContain("HTTP/1.1 200");
  expect(rules()).toContain(theirs);
  expect(forwarding("up0")).toBe("1");
  expect(forwarding("all")).toBe("0");
  await instance.ok(["down", "-p", "shop"]);
  expect(rules()).toBe(theirs);
  expect(forwarding("up0")).toBe("0");
});

test("a machine that forwards for containers passes on nothing else; one that is a router does", async () => {
  const third = "198.51.100.1";
  await instance.apply(SPEC);
  world.run("machine", "ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan1");
  for (const name of ["lan0", "lan1"]) {
    world.run("machine", "sysctl", "-qw", `net.ipv6.conf.${name}.disable_ipv6=1`); // it would speak of its own accord
    world.run("machine", "ip", "link", "set", name, "up");
  }
  world.run("machine", "ip", "route", "add", `${third}/32`, "dev", "lan0");
  world.run("machine", "ip", "neighbour", "add", third, "lladdr", "02:00:00:00:00:01", "dev", "lan0");
  world.run("outside", "ip", "route", "add", `${third}/32`, "via", world.address);
  // proc_pid_net(5), dev: eight numbers of what came in, then bytes and packets that went out.
  const passedOn = (): number =>
    Number(/lan0:(?:\s+\d+){9}\s+(\d+)/.exec(world.run("machine", "cat", "/proc/net/dev"))?.[1]);
  const before = passedOn();
  expect(fromOutside(third)).toBe("silence");
  expect(passedOn()).toBe(before);
  world.run("machine", "sysctl", "-qw", "net.ipv4.ip_forward=1");
  await until("the machine to pass it on", () => {
    fromOutside(third);
    return passedOn() > before;
  });
});

test("rules that somebody flushes are back at once, whole", async () => {
  await serveOutside();
  await instance.apply(SPEC);
  const whole = rules();
  for (const command of [
    "flush ruleset",
    `flush chain ${/table (inet gantry_\w+)/.exec(whole)?.[1]} forward`,
  ]) {
    world.run("machine", "nft", command);
    await until("the rules to be back", () => rules() === whole);
    expect(await from("shop-web-1", world.outside)).toBe(world.address);
  }
});

test("without nft containers run, and everybody is told what that costs", async () => {
  await instance.write("compose.yaml", SPEC);
  const env = { PATH: instance.folder };
  const { code, stderr, stdout } = await instance.gantry(["apply", "--wait"], { env });
  expect({ code, said: stdout + stderr }).toEqual({
    code: 0,
    said: expect.stringContaining(
      "containers do not reach the outside: nft is missing (apt-get install nftables)",
    ),
  });
  expect(await instance.ok(["doctor"], { env })).toMatch(/firewall.*nft is missing/);
  expect(forwarding("up0")).toBe("0");
});
