import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { unifiedMount } from "../../src/host/cgroup.ts";
import type { DeviceRule } from "../../src/runtime/container.ts";
import { deviceProgram } from "../../src/runtime/device-program.ts";
import { Launcher } from "../../src/runtime/launcher.ts";
import { PlanWriter } from "../../src/runtime/plan/encode.ts";
import { SLOT } from "../../src/runtime/plan/operation.ts";

const PROGRAM = fileURLToPath(new URL("../../native/build/gantry-launcher", import.meta.url));
const run = promisify(execFile);

let base: string;
let unified: string;
let launcher: Launcher;
let cgroup: string;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "gantry-test-")));
  await mkdir(join(base, "run"));
  await mkdir(join(base, "root"));
  unified = unifiedMount(await readFile("/proc/self/mountinfo", "utf8")) ?? "";
  launcher = new Launcher({
    program: PROGRAM,
    root: join(base, "root"),
    run: join(base, "run"),
    folders: [unified],
    onShimGone: () => undefined,
  });
  cgroup = join(unified, basename(base));
});

afterEach(async () => {
  await launcher.close();
  await rmdir(cgroup).catch(() => undefined);
  await rm(base, { recursive: true, force: true });
});

/** Puts the rules over a new cgroup of version 2, and runs a shell in it. */
async function under(rules: readonly DeviceRule[], script: string): Promise<string> {
  const plan = new PlanWriter()
    .add("mkdir", SLOT.firstCgroup, basename(base), 0o755, 0)
    .add("deviceFilter", SLOT.firstCgroup, basename(base), deviceProgram(rules));
  await launcher.execute(plan.bytes());
  const { stdout } = await run("sh", ["-c", `echo $$ > ${cgroup}/cgroup.procs && ${script}`]);
  return stdout;
}

const attempts = [
  ": </dev/zero && echo zero-r",
  ": >/dev/zero && echo zero-w",
  ": </dev/full && echo full-r",
  ": >/dev/full && echo full-w",
  ": </dev/kmsg && echo kmsg-r",
]
  .map((attempt) => `( ${attempt} ) 2>&-; `)
  .join("");

test.skipIf(unifiedMount(await readFile("/proc/self/mountinfo", "utf8")) === undefined)(
  "the kernel takes the program and lets through what the rules say",
  async () => {
    const rules: DeviceRule[] = [
      { type: "b", major: 1, minor: 7, permissions: "rwm" }, // another type
      { type: "c", major: 1, minor: 5, permissions: "r" },
      { type: "c", major: 1, minor: 7, permissions: "rw" },
    ];
    expect((await under(rules, `${attempts} true`)).split("\n")).toEqual(["zero-r", "full-r", "full-w", ""]);
  },
);
