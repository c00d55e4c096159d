import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";

const instance = instanceForEach();

function spec(replicas: number, more = ""): string {
  return `name: shop
services:
  web:
    image: host
    command: [sleep, infinity]
    stop_signal: SIGKILL
    deploy: { replicas: ${replicas} }
${more}`;
}

/** Every durable fact: path and content of the files below the root that can be read as text. */
async function durableFacts(): Promise<ReadonlyMap<string, string>> {
  const root = instance().env["GANTRY_ROOT"] ?? "";
  const facts = new Map<string, string>();
  for (const path of await readdir(root, { recursive: true }))
    if (path.endsWith(".json")) facts.set(path, await readFile(join(root, path), "utf8"));
  return facts;
}

test("plan and apply --dry-run say what would be done, and do none of it", async () => {
  await instance().write("compose.yaml", spec(2));
  const text = `+ network shop_default  create  not there
+ web.1  create  not there
+ web.2  create  not there
3 to create, 0 to update, 0 to replace, 0 to remove
`;
  expect(await instance().gantry(["plan"])).toMatchObject({ code: 2, stdout: text });
  expect(await instance().gantry(["apply", "--dry-run"])).toMatchObject({ code: 0, stdout: text });
  expect(await instance().ok(["projects", "-o", "json"])).toBe("[]\n");
  expect((await instance().containers()).size).toBe(0);
});

test("of a project that runs: exit 0 without changes, 2 with, and nothing moves", async () => {
  await instance().apply(spec(2));
  const before = { facts: await durableFacts(), pid: await instance().pidOf("shop-web-1") };
  expect(before.facts.size).toBeGreaterThan(0);
  expect(await instance().gantry(["plan"])).toMatchObject({ code: 0, stdout: "nothing to do\n" });

  const edited = spec(
    3,
    "    mem_limit: 64m\n    environment: { COLOUR: red }\n  db:\n    image: host\n    command: [sleep, infinity]\n",
  );
  await instance().write("compose.yaml", edited);
  const { code, stdout } = await instance().gantry(["plan"]);
  expect(code).toBe(2);
  expect(stdout).toContain("+ db.1  create  not there\n");
  expect(stdout).toContain("+ web.3  create  replicas 2 -> 3\n");
  expect(stdout).toMatch(/^-\/\+ web\.1 {2}replace .*memory .*-> 64M/m);
  expect(await instance().ok(["apply", "--dry-run"])).toBe(stdout);

  expect(await durableFacts()).toEqual(before.facts);
  expect(await instance().pidOf("shop-web-1")).toBe(before.pid);
  expect(await instance().running()).toEqual(["shop-web-1", "shop-web-2"]);
});

test("as JSON it is the same plan for programs", async () => {
  await instance().write("compose.yaml", spec(1));
  const { code, stdout } = await instance().gantry(["plan", "-o", "json"]);
  expect(code).toBe(2);
  const { plan } = JSON.parse(stdout) as { plan: { steps: { key: string }[]; problems: unknown[] } };
  expect(plan.steps.map(({ key }) => key)).toEqual(["create-network shop_default", "create web.1"]);
  expect(plan.problems).toEqual([]);
});
