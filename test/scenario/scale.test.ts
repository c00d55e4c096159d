import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";

const instance = instanceForEach();

/** As a person writes it: comments, odd spacing, an empty line, no newline at the end. */
const SPEC = `# the shop
name:   shop
services:

  web:  # serves
    image: "host"
    command: ['sleep',   "infinity"]   # sleeps
    stop_signal: SIGKILL
    deploy:
      replicas:   1   # how many
  job:
    image: host
    command: sleep infinity
    stop_signal: SIGKILL`;

async function file(): Promise<string> {
  return await readFile(join(instance().folder, "compose.yaml"), "utf8");
}

test("scale writes the number into the file, touches no other byte, and applies it", async () => {
  await instance().apply(SPEC);
  await instance().ok(["scale", "web=3", "--wait"]);
  expect(await file()).toBe(SPEC.replace("replicas:   1 ", "replicas:   3 "));
  expect(await instance().running()).toEqual(["shop-job-1", "shop-web-1", "shop-web-2", "shop-web-3"]);

  // Where no number stands yet, one is added, and still nothing else changes.
  await instance().ok(["scale", "web=1", "job=2", "--wait"]);
  const edited = await file();
  expect(edited.startsWith(SPEC)).toBe(true);
  expect(edited.slice(SPEC.length).trim().split(/\s+/)).toEqual(["deploy:", "replicas:", "2"]);
  expect(await instance().running()).toEqual(["shop-job-1", "shop-job-2", "shop-web-1"]);

  await instance().ok(["scale", "web=0"]);
  expect(await instance().running()).toEqual(["shop-job-1", "shop-job-2"]);
});

test("--no-edit leaves the file alone and holds until the next apply", async () => {
  await instance().apply(SPEC);
  await instance().ok(["scale", "--no-edit", "web=3"]);
  expect(await file()).toBe(SPEC);
  expect(await instance().running()).toHaveLength(4);
  await instance().endDaemon("SIGKILL");
  await instance().ok(["ps"]); // a new daemon still knows
  expect(await instance().running()).toHaveLength(4);
  await instance().ok(["apply"]);
  expect(await instance().running()).toEqual(["shop-job-1", "shop-web-1"]);
});

test.each([
  [["web=-1"], '"web=-1" is not SERVICE=N'],
  [["web=many"], '"web=many" is not SERVICE=N'],
  [["nobody=2"], "shop has no service called nobody\n  it has: web, job\n"],
  [["web=2", "nobody=2"], "shop has no service called nobody"],
])("scale %j is refused and edits nothing", async (words, message) => {
  await instance().write("compose.yaml", SPEC);
  const { code, stderr } = await instance().gantry(["scale", ...words]);
  expect(code).not.toBe(0);
  expect(stderr).toContain(message);
  expect(await file()).toBe(SPEC);
});

test("a number that comes from a variable is not overwritten", async () => {
  const spec = SPEC.replace("replicas:   1", "replicas: ${REPLICAS:-1}");
  await instance().write("compose.yaml", spec);
  const { code, stderr } = await instance().gantry(["scale", "web=3"]);
  expect(code).toBe(1);
  expect(stderr).toContain("REPLICAS");
  expect(stderr).toContain("--no-edit");
  expect(await file()).toBe(spec);
});
