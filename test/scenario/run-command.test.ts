import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { HAS_BUSYBOX, rootfs } from "./rootfs.fixture.ts";
import { until } from "./until.ts";

let instance: Instance;
beforeAll(async () => {
  if (!HAS_BUSYBOX) return;
  instance = await Instance.open();
  await writeFile(join(instance.folder, "rootfs.tar"), rootfs());
  await instance.ok(["import", "rootfs.tar", "box"]);
});
afterAll(async () => {
  if (!HAS_BUSYBOX) return;
  for (const [name] of await instance.containers()) await instance.gantry(["rm", "-f", name]);
  await instance.close();
});

const run = (...words: readonly string[]) => instance.gantry(["run", ...words]);

describe.skipIf(!HAS_BUSYBOX)("run and create, in docker's words", () => {
  test("run shows both streams, ends with the command's status, and --rm leaves nothing", async () => {
    const { code, stdout, stderr } = await run(
      "--rm",
      "-e",
      "A=1",
      "box",
      "sh",
      "-c",
      "echo out$A; echo err >&2; exit 7",
    );
    expect({ code, stdout, stderr: stderr.replace(/^gantry: started.*\n/, "") }).toEqual({
      code: 7,
      stdout: "out1\n",
      stderr: "err\n",
    });
    expect(await run("--rm", "box", "nosuch")).toMatchObject({ code: 127 });
    expect(await run("--rm", "box", "/etc/passwd")).toMatchObject({ code: 126 });
    expect(await run("--rm", "--nonsense", "box")).toMatchObject({ code: 125 });
    await until("--rm to have removed them", async () => (await instance.containers()).size === 0);
  });

  test("a beginner's course: run -d, ps, logs, stop, start, ps -a, rm, rm --force", async () => {
    const limits = ["-m", "64m", "--cpus", "0.5", "--restart", "no", "--hostname", "first"];
    const id = await instance.ok([
      "run",
      "-d",
      "--name",
      "one",
      ...limits,
      "box",
      "sh",
      "-c",
      "hostname; sleep 100",
    ]);
    expect(id).toMatch(/^[0-9a-f]{64}\n$/);
    await until("its output", async () => (await instance.ok(["logs", "one"])).includes("first"));
    expect(await instance.ok(["ps"])).toMatch(/box.*Up.*one/);
    expect(await instance.ok(["ps", "--filter", "name=one", "--format", "{{.Names}}: {{.Image}}"])).toBe(
      "one: box\n",
    );
    expect(await instance.ok(["inspect", "-f", "{{.State.Running}} {{.HostConfig.Memory}}", "one"])).toBe(
      "true 67108864\n",
    );
    await instance.ok(["stop", "-t", "0", "one"]);
    expect(await instance.ok(["ps"])).not.toContain("one");
    expect(await instance.ok(["ps", "-a"])).toMatch(/Exited \(137\).*one/);
    await instance.ok(["start", "one"]);
    expect((await instance.gantry(["rm", "one"])).code).toBe(1);
    await instance.ok(["rm", "--force", "one"]);
    expect((await instance.containers()).size).toBe(0);
  });

  test("create makes it, start runs it; a name or a file for the id that is there already is no accident", async () => {
    const id = (await instance.ok(["create", "--name", "later", "--cidfile", "id", "box", "true"])).trim();
    expect((await instance.containers()).get("later")).toMatchObject({ Id: id, State: "created" });
    expect((await run("--name", "later", "box", "true")).code).toBe(125);
    const again = await run("--cidfile", "id", "box", "true");
    expect(again).toMatchObject({ code: 125 });
    expect(again.stderr).toContain("cannot write the container's id");
    await instance.ok(["start", "later"]);
    await instance.ok(["rm", "-f", "later"]);
  });

  test("an image that is not here is pulled, unless that is not wanted; nothing is left of either", async () => {
    const never = await run("--pull", "never", "127.0.0.1:9/none:1");
    expect(never).toMatchObject({ code: 125 });
    expect(never.stderr).toContain("no image");
    const missing = await run("127.0.0.1:9/none:1");
    expect(missing).toMatchObject({ code: 125 });
    expect(missing.stderr).toContain("pulling it");
    expect((await instance.containers()).size).toBe(0);
  });

  test("limits change while it runs, names and volumes come and go, prune takes what is over", async () => {
    await instance.ok(["volume", "create", "--label", "a=b", "kept"]);
    await instance.ok(["run", "-d", "--name", "old", "-m", "64m", "-v", "kept:/kept", "box", "sleep", "100"]);
    await instance.ok(["rename", "old", "fresh"]);
    await instance.ok(["update", "-m", "96m", "--restart", "always", "fresh"]);
    const { HostConfig } = await instance.get<{
      HostConfig: { Memory: number; RestartPolicy: { Name: string } };
    }>("/containers/fresh/json");
    expect(HostConfig).toMatchObject({ Memory: 96 * 2 ** 20, RestartPolicy: { Name: "always" } });
    expect((await instance.gantry(["volume", "rm", "kept"])).stderr).toContain("in use");
    expect(await instance.ok(["volume", "inspect", "kept"])).toContain('"a": "b"');
    await instance.ok(["stop", "-t", "0", "fresh"]);
    expect((await instance.gantry(["container", "prune"])).stderr).toContain("nobody to ask");
    expect(await instance.ok(["container", "prune", "-f"])).toContain("Total reclaimed space");
    expect(await instance.ok(["volume", "ls", "-q"])).toBe("kept\n");
    expect(await instance.ok(["volume", "prune", "-af"])).toContain("kept\n");
    expect(await instance.ok(["volume", "ls", "-q"])).toBe("");
  });

  test("a signal that we get is the container's", async () => {
    const child = instance.start([
      "run",
      "--name",
      "hears",
      "box",
      "sh",
      "-c",
      "trap 'exit 9' USR1; echo up; while :; do sleep 0.1; done",
    ]);
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    let seen = "";
    child.stdout?.on("data", (data: Buffer) => (seen += data.toString()));
    await until("its first line", () => seen.includes("up"));
    child.kill("SIGUSR1");
    expect(await ended).toBe(9);
    await instance.ok(["rm", "hears"]);
  });
});
