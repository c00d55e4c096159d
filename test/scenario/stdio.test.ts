import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { docker, dockerEnvironment, HAS_DOCKER } from "./docker-command.ts";
import { Instance } from "./instance.ts";
import { HAS_BUSYBOX, rootfs } from "./rootfs.fixture.ts";
import { openTerminal, type Terminal } from "./terminal.ts";
import { until } from "./until.ts";

let instance: Instance;
let failed = false;
beforeAll(async () => {
  if (!HAS_BUSYBOX) return;
  instance = await Instance.open();
  await writeFile(join(instance.folder, "rootfs.tar"), rootfs());
  await instance.ok(["import", "rootfs.tar", "box"]);
});
afterEach(({ task }) => {
  failed ||= task.result?.state === "fail";
});
afterAll(async () => {
  if (!HAS_BUSYBOX) return;
  for (const [name] of await instance.containers()) await instance.gantry(["rm", "-f", name]);
  await instance.close(failed);
});

const CLI = new URL("../../dist/cli/main.js", import.meta.url).pathname;

/** A command of ours, or of docker's client, as a person types it. */
function sit(...words: readonly string[]): Terminal {
  const [program, ...rest] = words;
  return program === "docker"
    ? openTerminal(words, { env: dockerEnvironment(instance), rows: 40, columns: 100 })
    : openTerminal([process.execPath, CLI, ...rest], {
        env: { ...process.env, ...instance.env },
        rows: 40,
        columns: 100,
      });
}

describe.skipIf(!HAS_BUSYBOX)("a container's own input and terminal", () => {
  test("run -i hands on what is piped, to its end, however much, and ends with the status", async () => {
    const much = "0123456789abcde\n".repeat(40_000);
    const cat = await instance.gantry(["run", "--rm", "-i", "box", "cat"], { stdin: much });
    expect({ code: cat.code, bytes: cat.stdout.length, same: cat.stdout === much }).toEqual({
      code: 0,
      bytes: much.length,
      same: true,
    });
    const early = await instance.gantry(
      ["run", "--rm", "-i", "box", "sh", "-c", "read line; echo got $line; exit 3"],
      {
        stdin: much,
      },
    );
    expect(early).toMatchObject({ code: 3, stdout: "got 0123456789abcde\n" });
    const none = await instance.gantry(["run", "--rm", "box", "cat"], { stdin: "nobody hears it" });
    expect(none).toMatchObject({ code: 0, stdout: "" });
  });

  test.each(["gantry", ...(HAS_DOCKER ? ["docker"] : [])])(
    "%s run -it is a terminal: its size, its keys, its signals, and its status",
    async (program) => {
      const terminal = sit(program, "run", "-it", "--rm", "box", "sh");
      await terminal.shows(/# /);
      terminal.type("tty; echo $TERM; ls -l /dev/console | head -c 1\n");
      await terminal.shows(/\/dev\/pts\/0\r\nxterm\r\nc/);
      const sized = async (size: string): Promise<void> => {
        await until(`the size ${size}`, () => {
          terminal.type("busybox stty size\n");
          return terminal.shown().includes(`\n${size}\r\n`);
        });
      };
      await sized("40 100");
      terminal.resize(20, 50);
      await sized("20 50");
      terminal.type("sh -c 'echo sta''rted; sleep 1000'\n");
      await terminal.shows(/started/);
      terminal.type("\x03");
      terminal.type("echo back=$?; exit 6\n");
      await terminal.shows(/back=130/);
      expect(await terminal.over).toBe(6);
      await until("--rm to have removed it", async () => (await instance.containers()).size === 0);
    },
  );

  test("a container that ends at once shows all it had to say", async () => {
    for (let round = 0; round < 3; round++) {
      const terminal = sit("gantry", "run", "-t", "--rm", "box", "sh", "-c", "echo first; echo last");
      expect(await terminal.over).toBe(0);
      expect(terminal.shown()).toMatch(/first\r+\nlast\r+\n/);
    }
  });

  test("detached it goes on, through the daemon's death, and can be attached to again by several", async () => {
    const terminal = sit("gantry", "run", "-it", "--name", "stays", "box", "sh");
    await terminal.shows(/# /);
    terminal.type("\x10\x11");
    await terminal.shows(/detached; it goes on/);
    expect(await terminal.over).toBe(0);
    await instance.endDaemon("SIGKILL");
    await instance.ok(["ps"]); // starts the next one
    const [one, two] = [sit("gantry", "attach", "stays"), sit("gantry", "attach", "--no-stdin", "stays")];
    await until("both to listen", async () => {
      one.type("echo he''llo\n");
      return one.shown().includes("hello") && two.shown().includes("hello");
    });
    const logged = await instance.ok(["logs", "stays"]);
    expect(logged).toContain("hello\r\n");
    one.type("exit 7\n");
    expect(await Promise.all([one.over, two.over])).toEqual([7, 7]);
    await instance.ok(["rm", "stays"]);
  });

  test("tty and stdin_open of a service: attach types into it, and its input outlives who attached", async () => {
    await instance.apply(`name: att
services:
  shell: { image: box, command: [sh], tty: true, stdin_open: true }
  reader: { image: box, command: [sh, -c, "while read line; do echo got $$line; done; echo end"], stdin_open: true }
`);
    const typed = instance.start(["attach", "reader"]);
    typed.stdin?.write("hello\n");
    let seen = "";
    typed.stdout?.on("data", (data: Buffer) => (seen += data.toString()));
    await until("its answer", () => seen.includes("got hello"));
    typed.kill("SIGKILL");
    expect(await instance.running()).toEqual(["att-reader-1", "att-shell-1"]);
    const shell = sit("gantry", "attach", "att-shell-1");
    await until("its prompt", () => {
      shell.type("echo in''side\n");
      return shell.shown().includes("inside");
    });
    shell.type("\x10\x11");
    expect(await shell.over).toBe(0);
    expect((await instance.running()).length).toBe(2);
    await instance.ok(["down", "-p", "att"]);
  });

  test("one who does not read holds nobody up for long, and the log has it all", async () => {
    const lines = 30_000;
    await instance.ok([
      "run",
      "-dit",
      "--name",
      "flood",
      "box",
      "sh",
      "-c",
      `read go; i=0; while [ $i -lt ${lines} ]; do echo line $i ${"x".repeat(100)}; i=$((i+1)); done; echo done`,
    ]);
    const stuck = instance.start(["attach", "--no-stdin", "flood"]);
    stuck.stdout?.pause();
    const typed = instance.start(["attach", "flood"]);
    typed.stdout?.resume();
    typed.stdin?.write("go\n");
    await until(
      "the flood to be over",
      async () => (await instance.ok(["logs", "--tail", "1", "flood"])).includes("done"),
      40_000,
    );
    await instance.ok(["rm", "-f", "flood"]);
  });

  test.skipIf(!HAS_DOCKER)("docker's client pipes input, and attaches", async () => {
    const piped = spawnSync("sh", ["-c", "echo hi | docker run --rm -i box sh -c 'cat; exit 2'"], {
      env: dockerEnvironment(instance),
      encoding: "utf8",
      timeout: 20_000,
    });
    expect(piped).toMatchObject({ status: 2, stdout: "hi\n" });
    await docker(instance, "run", "-dit", "--name", "later", "box", "sh");
    const terminal = sit("docker", "attach", "later");
    await until("its prompt", () => {
      terminal.type("echo in''side\n");
      return terminal.shown().includes("inside");
    });
    terminal.type("exit 4\n");
    expect(await terminal.over).toBe(4);
    await docker(instance, "rm", "later");
  });
});
