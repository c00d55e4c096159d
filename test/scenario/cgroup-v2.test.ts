import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { Instance } from "./instance.ts";
import { until } from "./until.ts";

const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const ROOT = "/sys/fs/cgroup";
const PURE = existsSync(join(ROOT, "cgroup.controllers"));

const SPEC = `name: unified
services:
  box: { image: host, command: [sleep, "1000"], mem_limit: 64m, cpus: 0.25, pids_limit: 17 }
`;

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});

async function cgroupOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/cgroup`, "utf8");
  return join(ROOT, text.trim().replace(/^0::/, ""));
}

async function limitsOf(folder: string): Promise<readonly string[]> {
  const files = ["memory.max", "cpu.max", "pids.max"];
  return await Promise.all(files.map(async (name) => (await readFile(join(folder, name), "utf8")).trim()));
}

const LIMITS = [String(64 * 1024 * 1024), "25000 100000", "17"];

test.skipIf(!PURE)("one cgroup has every limit, and it goes with the container", async () => {
  onTestFinished(({ task }) => instance.close(task.result?.state === "fail"));
  await instance.apply(SPEC);
  const folder = await cgroupOf(await instance.pidOf("unified-box-1"));
  expect(await limitsOf(folder)).toEqual(LIMITS);
  await instance.ok(["down"]);
  expect(existsSync(folder)).toBe(false);
});

/** A daemon that takes this cgroup for the root: as in a container, it and others sit in it from the start. */
function startDaemonBelow(root: string): ChildProcess {
  const inside = [
    `umount ${ROOT}`,
    `mount -t cgroup2 cgroup2 ${ROOT}`,
    "{ env -i /bin/sleep 1000 & }",
    'exec "$0" "$1" daemon',
  ].join(" && ");
  const script = `echo $$ >"$0/cgroup.procs" && exec unshare --cgroup --mount sh -c '${inside}' "$1" "$2"`;
  return spawn("sh", ["-c", script, root, process.execPath, CLI], {
    env: { ...process.env, ...instance.env },
    stdio: ["ignore", "inherit", "inherit"],
  });
}

/** Ends the daemon, looks for leaks, ends the bystander. */
async function endBelow(root: string, daemon: ChildProcess, failed: boolean): Promise<void> {
  const ended = new Promise((resolve) => daemon.once("exit", resolve));
  if (daemon.exitCode === null && daemon.kill("SIGTERM")) await ended;
  try {
    await instance.close(failed);
  } finally {
    await writeFile(join(root, "cgroup.kill"), "1");
    await until("the end of the last process", async () =>
      (await readFile(join(root, "cgroup.events"), "utf8")).includes("populated 0"),
    );
    for (const folder of [join(root, "init"), root]) if (existsSync(folder)) await rmdir(folder);
  }
}

test.skipIf(!PURE)("in a cgroup namespace whose root is full, processes make room for limits", async () => {
  await writeFile(join(ROOT, "cgroup.subtree_control"), "+cpu +memory +pids");
  const root = await mkdtemp(join(ROOT, "scenario-"));
  const daemon = startDaemonBelow(root);
  onTestFinished(({ task }) => endBelow(root, daemon, task.result?.state === "fail"));
  await until("the daemon's answer", async () => (await instance.containers()).size === 0);
  await instance.apply(SPEC);
  const folder = await cgroupOf(await instance.pidOf("unified-box-1"));
  expect(folder.startsWith(`${root}/`)).toBe(true);
  expect(await limitsOf(folder)).toEqual(LIMITS);
  expect(await cgroupOf(daemon.pid ?? 0)).toBe(join(root, "init"));
  await instance.ok(["down"]);
});
