import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { overlaps } from "../../../src/net/ipv4.ts";
import { defaultNetwork } from "../../../src/net/definition.ts";
import { openNetworks } from "../../../src/net/networks.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "gantry-networks-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test("a project keeps its network across a restart", async () => {
  const network = await (await openNetworks(root)).ensure(defaultNetwork("shop"));
  expect(network.gateway).toMatch(/^10\.2\d\d\.\d+\.1$/);
  const again = await openNetworks(root);
  expect(again.list()).toEqual([network]);
  expect(await again.ensure(defaultNetwork("shop"))).toEqual(network);
});

test("projects that ask at the same time get different subnets", async () => {
  const networks = await openNetworks(root);
  const names = Array.from({ length: 30 }, (_, number) => `p${number}`);
  const subnets = (await Promise.all(names.map((name) => networks.ensure(defaultNetwork(name))))).map(
    ({ subnet }) => subnet,
  );
  for (const [index, subnet] of subnets.entries())
    for (const other of subnets.slice(index + 1)) expect(overlaps(subnet, other)).toBe(false);
});

test("a removed network is forgotten, also on disk", async () => {
  const networks = await openNetworks(root);
  await networks.ensure(defaultNetwork("shop"));
  await networks.remove("shop_default");
  await networks.remove("shop_default");
  expect(networks.get("shop_default")).toBeUndefined();
  expect((await openNetworks(root)).list()).toEqual([]);
});

test("a name that is no network's is refused", async () => {
  const networks = await openNetworks(root);
  await expect(networks.ensure(defaultNetwork("../shop"))).rejects.toThrow("is not a network's name");
});

test("a record that is broken is an error that names the file; what a cut-off write left is not", async () => {
  const networks = await openNetworks(root);
  await networks.ensure(defaultNetwork("shop"));
  const record = join(root, "networks", "shop_default.json");
  await writeFile(`${record}.1.1.tmp`, "{");
  expect((await openNetworks(root)).list()).toHaveLength(1);
  expect(JSON.parse(await readFile(record, "utf8"))).toMatchObject({ project: "shop" });
  for (const broken of ["{", "null", '{"project":"shop"}', '{"project":"shop","subnet":"x"}']) {
    await writeFile(record, broken);
    await expect(openNetworks(root), broken).rejects.toThrow(`${record} is not a network's record`);
  }
});

test("a record of gantry 0.1 goes on under the network's real name", async () => {
  await openNetworks(root);
  await writeFile(join(root, "networks", "shop.json"), '{"project":"shop","subnet":"10.208.16.0/20"}');
  const [network] = (await openNetworks(root)).list();
  expect(network).toMatchObject({ name: "shop_default", project: "shop", gateway: "10.208.16.1" });
  expect((await openNetworks(root)).list()).toEqual([network]);
  expect(await readdir(join(root, "networks"))).toEqual(["shop_default.json"]);
});

test("a subnet that is asked for is the network's, unless somebody has it", async () => {
  const networks = await openNetworks(root);
  const ask = (name: string, subnet: string, gateway?: string) =>
    networks.ensure({
      ...defaultNetwork("shop"),
      name,
      subnets: [{ subnet, ...(gateway === undefined ? {} : { gateway }) }],
    });
  expect(await ask("a", "172.30.5.0/24")).toMatchObject({ gateway: "172.30.5.1" });
  expect(await ask("b", "172.30.6.0/24", "172.30.6.254")).toMatchObject({ gateway: "172.30.6.254" });
  await expect(ask("c", "172.30.0.0/16")).rejects.toThrow("overlaps with that of network a");
  await expect(ask("d", "172.31.0.0/24", "172.30.5.9")).rejects.toThrow("is not in 172.31.0.0/24");
});
