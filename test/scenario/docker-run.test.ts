import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { docker, HAS_DOCKER } from "./docker-command.ts";
import { Instance } from "./instance.ts";
import { HAS_BUSYBOX, rootfs } from "./rootfs.fixture.ts";
import { until } from "./until.ts";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
  const archive = join(instance.folder, "rootfs.tar");
  await writeFile(archive, rootfs());
  await instance.ok(["import", archive, "box"]);
});
afterEach(async ({ task }) => {
  for (const [name] of await instance.containers()) await instance.gantry(["rm", "-f", name]);
  await instance.close(task.result?.state === "fail");
});

/** Runs docker's client, which must succeed; what it printed. */
async function output(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await docker(instance, ...args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
  return stdout.trim();
}

describe.skipIf(!HAS_DOCKER || !HAS_BUSYBOX)("containers without a project, by docker's own client", () => {
  test("run shows the output, ends with the command's status, and --rm leaves nothing", async () => {
    expect(await output("run", "--rm", "box", "sh", "-c", "echo out")).toBe("out");
    expect((await docker(instance, "run", "--rm", "box", "sh", "-c", "exit 7")).code).toBe(7);
    expect((await docker(instance, "run", "--rm", "box", "nosuch")).code).toBe(127);
    await until("--rm to have removed them", async () => (await instance.containers()).size === 0);
  });

  test("names are unique, can be changed, and limits can be raised while it runs", async () => {
    await output("run", "-d", "--name", "one", "-m", "64m", "-v", "kept:/data", "box", "sleep", "100");
    const second = await docker(instance, "create", "--name", "one", "box");
    expect(second.stderr).toContain("is already in use");
    await output("update", "-m", "96m", "--memory-swap", "96m", "one");
    expect(await output("inspect", "-f", "{{.HostConfig.Memory}}", "one")).toBe(String(96 * 2 ** 20));
    await output("rename", "one", "two");
    expect(await output("ps", "--format", "{{.Names}}")).toBe("two");
    expect((await docker(instance, "volume", "rm", "kept")).stderr).toContain("volume is in use");
    await output("rm", "-f", "two");
    expect(await output("volume", "rm", "kept")).toBe("kept");
  });

  test("a restart policy holds over a killed daemon, until it is stopped by hand", async () => {
    await output("run", "-d", "--name", "again", "--restart", "unless-stopped", "box", "sleep", "100");
    await instance.endDaemon("SIGKILL");
    const pid = await instance.pidOf("again").catch(async () => {
      await instance.ok(["ps"]); // starts the daemon
      return await instance.pidOf("again");
    });
    process.kill(pid, "SIGKILL");
    await until("its next life", async () => (await instance.pidOf("again")) !== pid);
    await output("stop", "-t", "0", "again");
    expect(await instance.running()).toEqual([]);
  });

  test("what cannot be honoured is refused, not forgotten", async () => {
    const refused = await docker(instance, "create", "--cgroup-parent", "/else", "box");
    expect(refused.stderr).toContain("CgroupParent is not built yet");
    expect((await instance.containers()).size).toBe(0);
  });
});
