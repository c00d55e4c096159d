import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";
import { startWatch } from "./watching.ts";

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

async function runningAre(count: number): Promise<void> {
  await until(`${count} running`, async () => (await instance().running()).length === count);
}

/** As vim does it: a new file takes the old one's name. */
async function saveByRename(text: string): Promise<void> {
  const file = join(instance().folder, "compose.yaml");
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

test("each save is applied, in place or by rename, until ctrl-C, and what runs goes on", async () => {
  await instance().write("compose.yaml", spec(1));
  const watching = await startWatch(instance());
  await runningAre(1);
  const first = await instance().pidOf("shop-web-1");
  await instance().write("compose.yaml", spec(3));
  await runningAre(3);
  await saveByRename(spec(2));
  await runningAre(2);
  await saveByRename(spec(4));
  await runningAre(4);
  expect(watching.said()).toContain("+ web.3  create  replicas 1 -> 3");
  expect(watching.said()).toContain("- web.3  remove  replicas 3 -> 2");
  expect(await watching.end()).toBe(0);
  expect(await instance().running()).toHaveLength(4);
  expect(await instance().pidOf("shop-web-1")).toBe(first);
});

test("a broken file says what is wrong and changes nothing; the next good save goes on", async () => {
  await instance().write("compose.yaml", spec(1));
  const watching = await startWatch(instance());
  await runningAre(1);
  const first = await instance().pidOf("shop-web-1");
  await instance().write("compose.yaml", spec(2, "    comand: x\n"));
  await until("the error", () =>
    watching.said().includes('compose.yaml:8:5 services.web.comand: unknown key (did you mean "command"?)'),
  );
  await instance().write("compose.yaml", spec(2).replace("[sleep, infinity]", "[sleep"));
  await until("the other error", () => watching.said().includes("compose.yaml:6:"));
  expect(await instance().running()).toEqual(["shop-web-1"]);
  await instance().write("compose.yaml", spec(2));
  await runningAre(2);
  expect(await instance().pidOf("shop-web-1")).toBe(first);
});

test("a file that is deleted leaves what runs alone, and is picked up when it is back", async () => {
  const file = await instance().write("compose.yaml", spec(1));
  const watching = await startWatch(instance());
  await runningAre(1);
  await rm(file);
  await until("the message", () => watching.said().includes("is gone; what runs goes on"));
  expect(await instance().running()).toEqual(["shop-web-1"]);
  await instance().write("compose.yaml", spec(2));
  await runningAre(2);
});

test("of many saves in quick succession the last one wins", async () => {
  await instance().write("compose.yaml", spec(1));
  await startWatch(instance());
  await runningAre(1);
  for (const replicas of [5, 2, 4, 1, 5, 2, 6, 1, 4, 3])
    await (replicas % 2 === 0 ? saveByRename : write)(spec(replicas));
  await until(
    "three running, and nothing left to do",
    async () => (await instance().running()).length === 3 && (await instance().gantry(["plan"])).code === 0,
  );
});

test("a variable changed in .env counts as a change of the file", async () => {
  await instance().write(".env", "COLOUR=red\n");
  await instance().write("compose.yaml", spec(1, "    environment: { COLOUR: $COLOUR }\n"));
  await startWatch(instance());
  await runningAre(1);
  await instance().write(".env", "COLOUR=green\n");
  await until("a green one", async () => {
    const { stdout } = await instance().gantry(["exec", "shop-web-1", "printenv", "COLOUR"]);
    return stdout === "green\n";
  });
});

test("a daemon that dies meanwhile is waited for, and the next save is applied", async () => {
  await instance().write("compose.yaml", spec(1));
  const watching = await startWatch(instance());
  await runningAre(1);
  const first = await instance().pidOf("shop-web-1");
  await instance().endDaemon("SIGKILL");
  await instance().write("compose.yaml", spec(3));
  await until("the message", () => watching.said().includes("no daemon answers"));
  await instance().ok(["ps"]); // starts one
  await runningAre(3);
  expect(await instance().pidOf("shop-web-1")).toBe(first);
});

async function write(text: string): Promise<void> {
  await instance().write("compose.yaml", text);
}
