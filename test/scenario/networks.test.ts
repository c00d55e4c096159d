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

function service(name: string, ...lines: readonly string[]): string {
  const more = lines.map((line) => `    ${line}\n`).join("");
  return `  ${name}:\n    image: host\n    command: ${SERVER}\n    stop_grace_period: 1s\n${more}`;
}

/** Who answers at a name or an address, seen from inside a container: a hostname, or what went wrong. */
async function fetchFrom(container: string, host: string): Promise<string> {
  const program = `fetch('http://${host}/', {signal: AbortSignal.timeout(1500)}).then(r => r.text()).then(console.log, e => console.log('failed', e.cause?.code ?? e.name))`;
  return (await instance.ok(["exec", container, "node", "-e", program])).trim();
}

async function hostname(name: string): Promise<string> {
  return (await instance.inspect(name)).Id.slice(0, 12);
}

async function networksOf(name: string): Promise<Readonly<Record<string, { readonly IPAddress: string }>>> {
  const { NetworkSettings } = await instance.get<{
    readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
  }>(`/containers/${name}/json`);
  return NetworkSettings.Networks;
}

test("services meet in the networks they share, by alias and address, and in no others", async () => {
  await instance.apply(`name: shop
services:
${service("web", "networks: [front, back]")}
${service("db", "networks: { back: { aliases: [database], ipv4_address: 172.30.9.9, mac_address: '02:42:ac:11:65:43' } }")}
${service("press", "networks: [front]", "links: ['web:shop']")}
networks:
  front:
  back:
    internal: true
    driver_opts: { com.docker.network.driver.mtu: 1400 }
    ipam: { config: [{ subnet: 172.30.9.0/24, gateway: 172.30.9.254 }] }
`);
  const [web, db, press] = await Promise.all(["shop-web-1", "shop-db-1", "shop-press-1"].map(hostname));
  expect(await fetchFrom("shop-web-1", "database")).toBe(db);
  expect(await fetchFrom("shop-web-1", "172.30.9.9")).toBe(db);
  expect(await fetchFrom("shop-db-1", "web")).toBe(web);
  expect(await fetchFrom("shop-web-1", "press")).toBe(press);
  expect(await fetchFrom("shop-press-1", "shop")).toBe(web);
  expect(await fetchFrom("shop-web-1", "shop")).toMatch(/^failed/);
  expect(await fetchFrom("shop-press-1", "db")).toMatch(/^failed/);
  expect(await fetchFrom("shop-press-1", "172.30.9.9")).toMatch(/^failed/);
  const link = await instance.ok([
    "exec",
    "shop-db-1",
    "cat",
    "/sys/class/net/eth0/address",
    "/sys/class/net/eth0/mtu",
  ]);
  expect(link).toBe("02:42:ac:11:65:43\n1400\n");
  const rules = world.run("machine", "ip", "rule", "show");
  await instance.ok(["down", "-p", "shop"]);
  expect(rules).toContain("172.30.9.0/24");
  expect(world.run("machine", "ip", "rule", "show")).not.toMatch(/172\.30|10\.2/);
  expect(world.run("machine", "ip", "-4", "address", "show", "dev", "lo")).not.toMatch(/172\.30|10\.2/);
});

test("an internal network has no way out, and who is in another too goes out through that", async () => {
  const server = world.serve(
    "node",
    "-e",
    "require('net').createServer(s=>{s.on('error',()=>0);s.end('HTTP/1.0 200 OK\\r\\n\\r\\noutside')}).listen(80)",
  );
  await instance.apply(`name: shop
services:
${service("in", "networks: [back]")}
${service("both", "networks: { back: { priority: 10 }, default: {} }")}
networks: { back: { internal: true } }
`);
  expect(server.exitCode).toBe(null);
  expect(await fetchFrom("shop-in-1", world.outside)).toMatch(/^failed E(NETUNREACH|HOSTUNREACH)$/);
  expect(await fetchFrom("shop-both-1", world.outside)).toBe("outside");
  expect(Object.keys(await networksOf("shop-both-1")).sort()).toEqual(["shop_back", "shop_default"]);
  expect(await instance.ok(["exec", "shop-both-1", "cat", "/proc/net/dev"])).toMatch(/eth0:[^]*eth1:/);
});

test("an external network joins projects, and outlives them; one that is not there is asked for before anything is done", async () => {
  const shared = (project: string): string => `name: ${project}
services:
${service("web", "networks: [meet]")}
networks: { meet: { external: true, name: meeting } }
`;
  await instance.write("compose.yaml", shared("one"));
  const { code, stderr } = await instance.gantry(["apply", "--wait"]);
  expect(code).not.toBe(0);
  expect(stderr).toContain("network meeting is declared external, and there is no such network");
  expect(stderr).toContain("gantry network create meeting");
  await instance.ok(["network", "create", "meeting"]);
  await instance.apply(shared("one"));
  await instance.write("two.yaml", shared("two"));
  await instance.ok(["apply", "--wait", "-f", "two.yaml"]);
  expect(await fetchFrom("one-web-1", "two-web-1")).toBe(await hostname("two-web-1"));
  await instance.ok(["down", "-p", "one"]);
  const taken = await instance.gantry(["network", "rm", "meeting"]);
  expect(taken.stderr).toContain("network meeting is in use by container two-web-1");
  await instance.ok(["down", "-p", "two"]);
  expect(await instance.ok(["network", "ls", "-q"])).not.toBe("");
  await instance.ok(["network", "rm", "meeting"]);
  expect(await instance.ok(["network", "ls", "-q"])).toBe("");
});

test("a running container joins a network and leaves it again", async () => {
  await instance.apply(`name: shop\nservices:\n${service("web")}`);
  await instance.write("blog.yaml", `name: blog\nservices:\n${service("press")}`);
  await instance.ok(["apply", "--wait", "-f", "blog.yaml"]);
  const press = await hostname("blog-press-1");
  expect(await fetchFrom("shop-web-1", "press")).toMatch(/^failed/);
  await instance.ok(["network", "connect", "--alias", "guest", "blog_default", "shop-web-1"]);
  expect(await fetchFrom("shop-web-1", "press")).toBe(press);
  expect(await fetchFrom("blog-press-1", "guest")).toBe(await hostname("shop-web-1"));
  await instance.ok(["network", "disconnect", "blog_default", "shop-web-1"]);
  expect(await fetchFrom("shop-web-1", "press")).toMatch(/^failed/);
  expect(await fetchFrom("blog-press-1", "guest")).toMatch(/^failed/);
  expect(await instance.ok(["exec", "shop-web-1", "cat", "/proc/net/dev"])).not.toContain("eth1");
});

test("a route and a link that somebody takes away are back", async () => {
  await instance.apply(`name: shop\nservices:\n${service("web")}${service("one")}`);
  const { shop_default: endpoint } = await networksOf("shop-web-1");
  const address = endpoint?.IPAddress ?? "";
  const web = await hostname("shop-web-1");
  const way = (): string => world.run("machine", "ip", "route", "show", address);
  const link = /dev (\S+)/.exec(way())?.[1] ?? "";
  world.run("machine", "ip", "route", "del", `${address}/32`);
  await until("the route to be back", () => way() !== "");
  expect(await fetchFrom("shop-one-1", "web")).toBe(web);
  world.run("machine", "ip", "link", "del", /dev (\S+)/.exec(way())?.[1] ?? link);
  await until("the link to be back", () => way() !== "");
  expect(await fetchFrom("shop-one-1", "web")).toBe(web);
  expect(await fetchFrom("shop-web-1", "one")).toBe(await hostname("shop-one-1"));
});
