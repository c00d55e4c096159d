import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeCgroup } from "../../src/host/cgroup.ts";
import { HAS_BUSYBOX, rootfs } from "./rootfs.fixture.ts";
import { until } from "./until.ts";

const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let base: string;

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "gantry-oci-")));
  await chmod(base, 0o755);
  for (const folder of ["", "proc", "dev", "host"]) await mkdir(join(base, "rootfs", folder));
  const tar = spawnSync("tar", ["-x", "-C", join(base, "rootfs")], { input: rootfs() });
  expect(tar.status, tar.stderr?.toString()).toBe(0);
});
afterAll(async () => {
  for (const id of await readdir(join(base, "state")).catch(() => [])) oci("delete", "--force", id);
  expect(await readdir(join(base, "state")).catch(() => [])).toEqual([]);
  expect(await leftCgroups()).toEqual([]);
  for (const path of await parents()) await removeCgroup(path); // the caller's, as with runc
  await rm(base, { recursive: true, force: true });
});

/** Runs a command to its end; its output goes to a file, since a container made by it keeps that open. */
function oci(...words: readonly string[]): {
  readonly code: number | null;
  readonly output: Promise<string>;
} {
  const path = join(base, "output");
  const output = openSync(path, "w");
  const { status } = spawnSync(process.execPath, [CLI, "oci", "--root", join(base, "state"), ...words], {
    cwd: base,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  return { code: status, output: readFile(path, "utf8") };
}

async function statusOf(id: string): Promise<string> {
  return (JSON.parse(await oci("state", id).output) as { status: string }).status;
}

/** The folder that the tests' containers have their cgroups in, in each hierarchy where it is. */
async function parents(): Promise<readonly string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  const mounts = [...table.matchAll(/^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2? /gm)];
  return mounts.map(([, mount = ""]) => join(mount, "gantry-test-oci")).filter((path) => existsSync(path));
}

async function leftCgroups(): Promise<readonly string[]> {
  return (await parents()).map((path) => join(path, "box")).filter((path) => existsSync(path));
}

async function bundle(process: object, more: object = {}, linux: object = {}): Promise<void> {
  const config = JSON.parse(await readFile(join(base, "example.json"), "utf8")) as {
    readonly process: object;
    readonly linux: object;
  };
  await writeFile(
    join(base, "config.json"),
    JSON.stringify({
      ...config,
      ...more,
      process: { ...config.process, terminal: false, ...process },
      linux: { ...config.linux, cgroupsPath: "/gantry-test-oci/box", ...linux },
    }),
  );
}

test.skipIf(!HAS_BUSYBOX)(
  "a bundle is created, started, entered, stopped and deleted, and its hooks run in order",
  async () => {
    expect(oci("spec").code).toBe(0);
    await writeFile(join(base, "example.json"), await readFile(join(base, "config.json")));
    const note = (kind: string) => [
      {
        path: "/bin/sh",
        args: ["sh", "-c", `read -r state; echo "${kind} $state" >>${join(base, "hooks")}`],
        env: ["PATH=/bin:/usr/bin"],
      },
    ];
    const hooks = Object.fromEntries(
      ["createRuntime", "poststart", "poststop"].map((kind) => [kind, note(kind)]),
    );
    await bundle({ args: ["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"] }, { hooks });
    const created = oci("create", "--pid-file", join(base, "pid"), "box");
    expect([created.code, await created.output]).toEqual([0, ""]);
    expect(await statusOf("box")).toBe("created");
    const pid = Number(await readFile(join(base, "pid"), "utf8"));
    expect(oci("start", "box").code).toBe(0);
    expect(await statusOf("box")).toBe("running");
    await until("the shell", async () => (await readFile(`/proc/${pid}/cmdline`, "utf8")).startsWith("sh\0"));

    const inside = oci(
      "exec",
      "--env",
      "A=b",
      "--user",
      "1000:100",
      "box",
      "sh",
      "-c",
      "id -u; echo $A; exit 3",
    );
    expect([inside.code, await inside.output]).toEqual([3, "1000\nb\n"]);
    expect(await oci("list", "-q").output).toBe("box\n");
    expect(oci("pause", "box").code).toBe(0);
    expect(await statusOf("box")).toBe("paused");
    expect(oci("exec", "box", "true").code).toBe(255);
    expect(oci("resume", "box").code).toBe(0);
    expect(oci("delete", "box").code).toBe(1);
    expect(oci("kill", "box", "TERM").code).toBe(0);
    await until("the end", async () => (await statusOf("box")) === "stopped");
    expect(oci("delete", "box").code).toBe(0);
    expect(oci("state", "box").code).toBe(1);
    expect(oci("delete", "--force", "box").code).toBe(0);
    expect(await leftCgroups()).toEqual([]);
    const told = (await readFile(join(base, "hooks"), "utf8")).trim().split("\n");
    expect(told.map((line) => line.split(" ")[0])).toEqual(["createRuntime", "poststart", "poststop"]);
    expect(JSON.parse(told[0]?.slice("createRuntime ".length) ?? "")).toMatchObject({
      id: "box",
      pid,
      status: "creating",
    });
  },
);

test.skipIf(!HAS_BUSYBOX)(
  "run confines as the bundle says, passes signals on, and ends as the program does",
  async () => {
    const script = [
      "cat /proc/self/uid_map",
      "grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status",
      "mkdir /tmp/x 2>&1",
      "echo 1 2>&1 >/etc/motd",
      "cat /host/pid >/dev/null && touch /host/x 2>&1",
      "echo ready; sleep 100",
    ].join("; ");
    await bundle(
      { args: ["sh", "-c", script] },
      {
        mounts: [
          { destination: "/proc", type: "proc", source: "proc" },
          { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
          { destination: "/host", source: ".", options: ["rbind", "ro"] },
        ],
      },
      {
        namespaces: ["pid", "mount", "uts", "ipc", "network", "user", "cgroup"].map((type) => ({ type })),
        uidMappings: [{ containerID: 0, hostID: 200_000, size: 65_536 }],
        gidMappings: [{ containerID: 0, hostID: 200_000, size: 65_536 }],
        seccomp: {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 100 }],
        },
      },
    );
    const path = join(base, "run-output");
    const output = openSync(path, "w");
    const run = spawn(process.execPath, [CLI, "oci", "--root", join(base, "state"), "run", "box"], {
      cwd: base,
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    const ended = new Promise((resolve) => run.on("exit", resolve));
    const text = await until("it to be ready", async () => {
      const now = await readFile(path, "utf8");
      return (now.includes("ready") || run.exitCode !== null) && now;
    });
    expect(text).toMatch(/^ +0 +200000 +65536$/m);
    expect(text).toMatch(/CapEff:\s+0000000020000420/);
    expect(text).toMatch(/NoNewPrivs:\s+1\nSeccomp:\s+2/);
    expect(text).toContain("mkdir: can't create directory '/tmp/x': Network is down");
    expect(text.match(/Read-only file system/g)).toHaveLength(2);
    run.kill("SIGKILL"); // whoever waits for a container may die; the container goes on
    expect(await ended).toBeNull();
    expect(await statusOf("box")).toBe("running");
    expect(oci("delete", "--force", "box").code).toBe(0);
    expect(await readdir(join(base, "state"))).toEqual([]);
  },
);

test.skipIf(!HAS_BUSYBOX)("what cannot be started leaves nothing, and says why", async () => {
  await bundle({ args: ["nothing-of-this-name"] });
  const failed = oci("run", "box");
  expect(failed.code).toBe(1);
  expect(await failed.output).toContain("executable file not found in $PATH");
  await bundle({}, { hooks: { prestart: [{ path: "/bin/false" }] } });
  const hooked = oci("run", "box");
  expect(hooked.code).toBe(1);
  expect(await hooked.output).toContain("error running hook /bin/false: exit status 1");
  expect(await readdir(join(base, "state"))).toEqual([]);
  expect(await leftCgroups()).toEqual([]);
});
