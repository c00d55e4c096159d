import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;

/** A file is put aside once it holds 10 MB: what is written at once may go a little beyond. */
const LOG_FILE_BYTES = 10 * 1024 * 1024 + 64 * 1024;

function spec(script: string, more = ""): string {
  return `name: shop
services:
  web:
    image: host
    command: [sh, -c, ${JSON.stringify(script)}]
    stop_signal: SIGKILL
${more}`;
}

/** Runs `gantry logs` until it has printed what the probe looks for; returns all of it. */
async function follow(args: readonly string[], enough: (text: string) => boolean): Promise<string> {
  const child = instance().start(["logs", "-f", ...args]);
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await until(`the lines of ${args.join(" ")}`, () => enough(text));
  child.kill("SIGINT");
  return text;
}

async function logged(text: string): Promise<void> {
  await until(text, async () => (await instance().ok(["logs", "shop-web-1"])).includes(text));
}

test("one container's log is what it wrote, stdout and stderr apart; --tail and -t", async () => {
  await instance().apply(spec("echo out; echo err >&2; printf 'no newline'"));
  await logged("no newline");
  const { stdout, stderr } = await instance().gantry(["logs", "shop-web-1"]);
  expect({ stdout, stderr }).toEqual({ stdout: "out\nno newline", stderr: "err\n" });
  expect(await instance().gantry(["logs", "--tail", "1", "shop-web-1"])).toMatchObject({
    stdout: "no newline",
    stderr: "",
  });
  const timed = await instance().gantry(["logs", "-t", "shop-web-1"]);
  const [time = "", text] = timed.stdout.split("\n")[0]?.split(" ") ?? [];
  expect(time).toMatch(TIME);
  expect(text).toBe("out");
  expect(Math.abs(Date.now() - Date.parse(time))).toBeLessThan(60_000);
});

test("several replicas' lines stand behind their names, in order of time", async () => {
  await instance().apply(spec("echo one; sleep 0.2; echo two; exec sleep infinity", "    scale: 3\n"));
  await until("six lines", async () => (await instance().ok(["logs"])).split("\n").length === 7);
  const lines = (await instance().ok(["logs"])).trimEnd().split("\n");
  expect([...lines].sort()).toEqual(
    ["web-1", "web-2", "web-3"].flatMap((name) => [`${name}  | one`, `${name}  | two`]),
  );
  const times = (await instance().ok(["logs", "-t"]))
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" ")[3] ?? "");
  for (const time of times) expect(time).toMatch(TIME);
  expect(times).toEqual([...times].sort());
});

test("following shows what comes, across a restart and by replicas that join", async () => {
  const echo = spec("echo run $$(cat /proc/sys/kernel/random/uuid); exec sleep infinity");
  await instance().apply(echo);
  const text = follow(
    [],
    (soFar) => new Set(soFar.match(/web-1 {2}\| run \S+/g)).size === 2 && /web-2/.test(soFar),
  );
  await logged("run ");
  await instance().ok(["restart"]);
  await instance().ok(["scale", "--no-edit", "web=2"]);
  const runs = (await text).match(/web-1 {2}\| run \S+/g) ?? [];
  expect(runs).toHaveLength(2); // each line once
});

test("following one container ends when it ends", async () => {
  await instance().apply(spec("echo first; while ! [ -e /tmp/end ]; do sleep 0.05; done; echo last"));
  const following = instance().gantry(["logs", "-f", "shop-web-1"]);
  await logged("first");
  await instance().ok(["exec", "shop-web-1", "touch", "/tmp/end"]);
  expect(await following).toMatchObject({ code: 0, stdout: "first\nlast\n" });
});

test("a fast writer's log is bounded to three files of 10 MB, and holds the newest lines", async () => {
  const lines = 900_000; // of 60 bytes: 54 MB of text
  await instance().apply(spec(`seq -f 'line %.0f ${".".repeat(45)}' ${lines}`), "--strict");
  await until("the end", async () => !(await instance().inspect("shop-web-1")).State.Running, 40_000);
  const { Id } = await instance().inspect("shop-web-1");
  const folder = join(instance().env["GANTRY_ROOT"] ?? "", "containers", Id);
  const logs = (await readdir(folder)).filter((name) => /^log(\.\d+)?$/.test(name)).sort();
  expect(logs).toEqual(["log", "log.1", "log.2"]);
  for (const name of logs) expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(LOG_FILE_BYTES);
  const tail = await instance().ok(["logs", "--tail", "1000", "shop-web-1"]);
  const numbers = tail
    .trimEnd()
    .split("\n")
    .map((line) => Number(line.split(" ")[1]));
  expect(numbers).toEqual(Array.from({ length: 1000 }, (_, index) => lines - 999 + index));
});

test("logs of what does not exist", async () => {
  await instance().apply(spec("exec sleep infinity"));
  const { code, stderr } = await instance().gantry(["logs", "nobody"]);
  expect(code).not.toBe(0);
  expect(stderr).toContain("nobody");
});
