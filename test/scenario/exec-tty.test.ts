import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { dockerEnvironment, HAS_DOCKER } from "./docker-command.ts";
import { Instance } from "./instance.ts";
import { openTerminal, type Terminal } from "./terminal.ts";
import { until } from "./until.ts";

const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const BOX = `name: tty
services:
  box:
    image: host
    command: [sleep, infinity]
`;

let instance: Instance;
let failed = false;
const terminals = new Set<Terminal>();
beforeAll(async () => {
  instance = await Instance.open();
  await instance.apply(BOX);
});
afterEach(({ task }) => {
  failed ||= task.result?.state === "fail";
  for (const { child } of terminals) child.kill("SIGKILL");
  terminals.clear();
});
afterAll(() => instance.close(failed));

function onTerminal(...command: readonly string[]): Terminal {
  const terminal = openTerminal(command, {
    env: { ...process.env, ...instance.env, ...dockerEnvironment(instance), GANTRY: CLI },
    cwd: instance.folder,
    rows: 33,
    columns: 99,
  });
  terminals.add(terminal);
  return terminal;
}

const gantry = (...args: readonly string[]): Terminal => onTerminal(process.execPath, CLI, ...args);
/** A shell around the command, to see in which state it leaves the terminal. */
const around = (command: string): Terminal =>
  onTerminal("sh", "-c", `node "$GANTRY" ${command}; echo status=$?; stty -a; stty size`);

test("exec -it gives a terminal of the container's own, of our size, and ends with the command's status", async () => {
  const script = "tty; stty size; echo term=$TERM; ps -o tty= -p $$; exit 7";
  const terminal = gantry("exec", "-it", "tty-box-1", "sh", "-c", script);
  expect(await terminal.over).toBe(7);
  expect(terminal.shown()).toMatch(/\/dev\/pts\/\d+\r\n33 99\r\nterm=xterm\r\npts\/\d+\s*\r\n/);
});

test("the window's size follows ours", async () => {
  const terminal = gantry("exec", "-it", "box", "sh");
  await terminal.shows(/# $/);
  terminal.type("trap 'stty size' WINCH; echo ready\n");
  await terminal.shows(/\nready/);
  terminal.resize(11, 44);
  // The shell runs its trap when a command ends.
  await until("the new size", () => {
    terminal.type("\n");
    return terminal.shown().includes("11 44");
  });
  terminal.type("exit 3\n");
  expect(await terminal.over).toBe(3);
});

test("ctrl-C ends what runs inside, not the exec; ctrl-D ends the input", async () => {
  const terminal = gantry("exec", "-it", "box", "sh");
  await terminal.shows(/# $/);
  terminal.type("echo begun; sleep 600; echo ended=$?\n");
  await terminal.shows(/\nbegun/);
  terminal.type("\x03");
  await terminal.shows(/# $/);
  terminal.type("cat; echo cat=$?\n");
  await terminal.shows(/cat=\$\?\r\n$/);
  terminal.type("to the cat\n\x04");
  await terminal.shows(/to the cat\r\nto the cat\r\ncat=0/);
  terminal.type("exit\n");
  expect(await terminal.over).toBe(0);
});

test("the detach keys leave the command running and our terminal as it was", async () => {
  const terminal = around("exec -it box sh -c 'echo up; sleep 600'");
  await terminal.shows(/up/);
  terminal.type("\x10");
  terminal.type("\x11");
  await terminal.shows(/goes on inside the container[^]*status=0[^]* icanon[^]* echo /);
  await terminal.over;
  expect(await instance.ok(["exec", "box", "ps", "-e", "-o", "args="])).toContain("sleep 600");
});

test("detach keys of one's own", async () => {
  const terminal = around("exec -it --detach-keys a,b box cat");
  terminal.type("aXab");
  await terminal.shows(/aX[^]*status=0/);
});

test("our terminal's mode comes back when the command ends, when we are told to end, and when the daemon dies", async () => {
  const ends = around("exec -it box sh -c 'echo up; exit 4'");
  await ends.shows(/status=4[^]* icanon[^]* echo /);
  const told = around("exec -it box sh -c 'echo up; sleep 600'");
  await told.shows(/up/);
  const [pid] = await childrenOf(await childOf(told));
  process.kill(Number(pid), "SIGTERM");
  await told.shows(/status=130[^]* icanon[^]* echo /);
  const orphaned = around("exec -it box sh -c 'echo up; sleep 600'");
  await orphaned.shows(/up/);
  await instance.endDaemon("SIGKILL");
  await orphaned.shows(/status=125[^]* icanon[^]* echo /);
});

/** The shell behind the process that holds the other side of its terminal. */
async function childOf({ child }: Terminal): Promise<number> {
  return Number((await childrenOf(child.pid ?? 0))[0]);
}

async function childrenOf(pid: number): Promise<readonly string[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ");
}

test("the terminal belongs to the user who got it", async () => {
  const script = "stat -c '%U %a' $(tty); echo again > $(tty); echo job > /dev/tty";
  const terminal = gantry("exec", "-it", "-u", "nobody", "box", "sh", "-c", script);
  expect(await terminal.over).toBe(0);
  expect(terminal.shown()).toMatch(/nobody 620\r\nagain\r\njob\r\n/);
});

test("a container that puts something else at /dev/ptmx gets a terminal all the same", async () => {
  await instance.ok(["exec", "box", "sh", "-c", "rm /dev/ptmx && mkfifo /dev/ptmx"]);
  try {
    const terminal = gantry("exec", "-it", "box", "tty");
    expect(await terminal.over).toBe(0);
    expect(terminal.shown()).toContain("/dev/pts/");
  } finally {
    await instance.ok(["exec", "box", "ln", "-sf", "pts/ptmx", "/dev/ptmx"]);
  }
});

test("without a terminal here -it is refused; -t alone has one inside", async () => {
  const refused = await instance.gantry(["exec", "-it", "box", "true"]);
  expect(refused).toMatchObject({ code: 125, stderr: expect.stringContaining("not a terminal") as string });
  expect(await instance.ok(["exec", "-t", "box", "tty"])).toMatch(/^\/dev\/pts\/\d+\r\n$/);
});

test("a missing command is 127 on a terminal too", async () => {
  const terminal = around("exec -it box missing");
  await terminal.shows(/command not found[^]*status=127[^]* icanon/);
});

test("more input than a pipe holds goes through a command that answers all of it", async () => {
  const text = "0123456789abcde\n".repeat(65_536);
  const { stdout, code } = await instance.gantry(["exec", "-i", "box", "cat"], { stdin: text });
  expect(code).toBe(0);
  expect(stdout === text).toBe(true);
});

test("a process that signals its whole group reaches nobody outside", async () => {
  const pid = await instance.pidOf("tty-box-1");
  expect((await instance.gantry(["exec", "box", "sh", "-c", "kill -9 0"])).code).toBe(137);
  expect(await instance.pidOf("tty-box-1")).toBe(pid);
  expect(await instance.ok(["exec", "box", "echo", "well"])).toBe("well\n");
});

describe.skipIf(!HAS_DOCKER)("docker's own client", () => {
  test("exec -it: terminal, size, input, status", async () => {
    const terminal = onTerminal("docker", "exec", "-it", "tty-box-1", "sh");
    await terminal.shows(/# $/);
    terminal.type("tty; stty size\n");
    await terminal.shows(/\/dev\/pts\/\d+\r\n33 99\r\n/);
    terminal.resize(20, 50);
    await until("the new size", () => {
      terminal.type("stty size\n");
      return terminal.shown().includes("20 50");
    });
    terminal.type("exit 9\n");
    expect(await terminal.over).toBe(9);
  });

  test("its detach keys leave the command running", async () => {
    const terminal = onTerminal("docker", "exec", "-it", "tty-box-1", "sh", "-c", "echo up; sleep 601");
    await terminal.shows(/up/);
    terminal.type("\x10\x11");
    await terminal.over;
    expect(await instance.ok(["exec", "box", "ps", "-e", "-o", "args="])).toContain("sleep 601");
  });
});
