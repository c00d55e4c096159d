import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cgroupPids } from "../../src/host/cgroup-processes.ts";
import { removeCgroup } from "../../src/host/cgroup.ts";
import { killAll } from "./machinery.ts";
import { until } from "./until.ts";

/**
 * What an instance left on the machine: processes and mounts that name its folder, its cgroups, containers' folders,
 * and routes into its networks. Empty when all is well.
 */
export async function leaksOf(base: string): Promise<readonly string[]> {
  const found = await Promise.all([
    processes(base),
    mounts(base),
    cgroups(base),
    folders(base),
    routes(base),
    complaints(base),
  ]);
  return found.flat();
}

/**
 * Ends what an instance left, so that one failed test does not fail the next: its own processes, then those of its
 * containers, which outlive their shims and are known by their cgroups alone.
 */
export async function endLeaks(base: string): Promise<void> {
  killAll((await processes(base)).map((line) => Number(/^process (\d+):/.exec(line)?.[1])));
  for (const path of await cgroupPaths(base)) {
    await until(
      `nothing to run in ${path}`,
      async () => {
        const pids = await Promise.all([path, ...(await subfolders(path))].map((one) => cgroupPids(one)));
        killAll(pids.flat());
        return pids.flat().length === 0;
      },
      5000,
    ).catch(() => undefined); // what stays has been told of
    await removeCgroup(path);
  }
}

async function processes(base: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (command.includes(base) || environment.includes(`GANTRY_RUN=${base}`))
      found.push(`process ${pid}: ${command.replaceAll("\0", " ")}`);
  }
  return found;
}

async function mounts(base: string): Promise<readonly string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  return table
    .split("\n")
    .filter((line) => line.includes(base))
    .map((line) => `mount ${line}`);
}

async function cgroups(base: string): Promise<readonly string[]> {
  return (await cgroupPaths(base)).map((path) => `cgroup ${path}`);
}

async function cgroupPaths(base: string): Promise<readonly string[]> {
  const name = `gantry-${createHash("sha256").update(join(base, "run")).digest("hex").slice(0, 12)}`;
  const found: string[] = [];
  for (const folder of ["/sys/fs/cgroup", ...(await subfolders("/sys/fs/cgroup"))])
    if ((await subfolders(folder)).includes(join(folder, name))) found.push(join(folder, name));
  return found;
}

async function folders(base: string): Promise<readonly string[]> {
  const left = [
    ...(await subfolders(join(base, "run/containers"))),
    ...(await subfolders(join(base, "root/containers"))),
  ];
  return left.map((path) => `folder ${path}`);
}

/** Routes whose device is a veth of an instance that records a network no more, or still. */
async function routes(base: string): Promise<readonly string[]> {
  const left = await readdir(join(base, "root/networks")).catch(() => []);
  return left.map((name) => `network ${name}`);
}

/** What the sanitizers found, where the native programs were built with them (scripts/sanitized.mjs). */
async function complaints(base: string): Promise<readonly string[]> {
  const logs = ["launcher.log", "proxy.log"].map((name) =>
    readFile(join(base, "run", name), "utf8").catch(() => ""),
  );
  const lines = (await Promise.all(logs)).flatMap((text) => text.split("\n"));
  return lines.filter((line) => /Sanitizer|runtime error:/.test(line));
}

async function subfolders(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
}
