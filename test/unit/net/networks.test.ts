import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { overlaps } from "../../../src/net/ipv4.ts";
import { openNetworks } from "../../../src/net/networks.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "gantry-networks-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test("a project keeps its network across a restart", async () => {
  const network = await (await openNetworks(root)).ensure("shop");
  expect(network.gateway).toMatch(/^10\.2\d\d\.\d+\.1$/);
  const again = await openNetworks(root);
  expect(again.list()).toEqual([network]);
  expect(await again.ensure("shop")).toEqual(network);
});

test("projects that ask at the same time get different subnets", async () => {
  const networks = await openNetworks(root);
  const names = Array.from({ length: 30 }, (_, number) => `p${number}`);
  const subnets = (await Promise.all(names.map((name) => networks.ensure(name)))).map(({ subnet }) => subnet);
  for (const [index, subnet] of subnets.entries())
    for (const other of subnets.slice(index + 1)) expect(overlaps(subnet, other)).toBe(false);
});

test("a removed network is forgotten, also on disk", async () => {
  const networks = await openNetworks(root);
  await networks.ensure("shop");
  await networks.remove("shop");
  await networks.remove("shop");
  expect(networks.get("shop")).toBeUndefined();
  expect((await openNetworks(root)).list()).toEqual([]);
});

test("a name that is no project's is refused", async () => {
  const networks = await openNetworks(root);
  await expect(networks.ensure("../shop")).rejects.toThrow("is not a project's name");
});

test("a record that is broken is an error that names the file; what a cut-off write left is not", async () => {
  const networks = await openNetworks(root);
  await networks.ensure("shop");
  const record = join(root, "networks", "shop.json");
  await writeFile(`${record}.1.1.tmp`, "{");
  expect((await openNetworks(root)).list()).toHaveLength(1);
  expect(JSON.parse(await readFile(record, "utf8"))).toMatchObject({ project: "shop" });
  for (const broken of ["{", "null", '{"project":"shop"}', '{"project":"shop","subnet":"x"}']) {
    await writeFile(record, broken);
    await expect(openNetworks(root), broken).rejects.toThrow(`${record} is not a network's record`);
  }
});
