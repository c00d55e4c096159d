import { execFile, spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, serve, type Served } from "../unit/daemon/served.ts";

const HAS_DOCKER = spawnSync("docker", ["--version"], { stdio: "ignore" }).status === 0;
if (!HAS_DOCKER) console.warn("SKIPPED: there is no docker client on this machine to try the API with");

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

let api: Served;
const started = new Set<ChildProcessWithoutNullStreams>();
beforeEach(async () => {
  api = await serve();
});
afterEach(async () => {
  for (const child of started) child.kill("SIGKILL");
  started.clear();
  await api.close();
});

/** Neither this machine's configuration nor its daemon. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: api.folder, DOCKER_HOST: `unix://${api.socket}`, TZ: "UTC" };
}

function docker(args: readonly string[], stdin: string | Buffer = ""): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: environment(), timeout: 20_000 };
    const child = execFile("docker", args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ status, stdout, stderr });
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(stdin);
  });
}

/** A docker that goes on; `text()` is what it has printed. */
function follow(...args: string[]): { text: () => string; over: Promise<number | null> } {
  const child = spawn("docker", args, { env: environment() });
  started.add(child);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const over = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { text: () => text, over };
}

async function output(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await docker(args);
  expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: "" });
  return stdout.trim();
}

/** The API with a memory engine behind it: this is about the wire. Real containers are other scenarios' business. */
describe.skipIf(!HAS_DOCKER)("docker's own client", () => {
  it("settles on a version and shows ours", async () => {
    expect(await output("version", "--format", "{{.Server.Version}} {{.Server.APIVersion}}")).toBe(
      "0.1.0 1.50",
    );
    expect(await output("version")).toContain("gantry");
    api.engine.add("web");
    expect(await output("info", "--format", "{{.ContainersRunning}} {{.OSType}}")).toBe("1 linux");
    expect(await output("info")).toContain("Server Version: 0.1.0");
  });

  it("lists containers: ps, ps -a, ps -q, ps --filter", async () => {
    const web = api.engine.add("shop-web-1", { startedAt: Date.now() - 3000 });
    api.engine.add("shop-job-1", { state: "exited", exitCode: 1, finishedAt: Date.now() - 120_000 });
    const format = ["--format", "{{.Names}}|{{.Image}}|{{.Command}}|{{.Status}}"];
    expect(await output("ps", ...format)).toMatch(/^shop-web-1\|host\|"sleep 1000"\|Up \d seconds$/);
    expect(await output("ps", "-a", ...format)).toContain(
      'shop-job-1|host|"sleep 1000"|Exited (1) 2 minutes ago',
    );
    expect(await output("ps", "-q")).toBe(web.id.slice(0, 12));
    expect(await output("ps", "-a", "--filter", "name=job", "--format", "{{.Names}}")).toBe("shop-job-1");
    expect(await output("ps", "-a", "--filter", "status=exited", "--format", "{{.Names}}")).toBe(
      "shop-job-1",
    );
  });

  it("inspects, starts, stops, restarts, kills, waits for and removes a container", async () => {
    const web = api.engine.add("web");
    expect(await output("inspect", "-f", "{{.State.Pid}} {{.HostConfig.RestartPolicy.Name}}", "web")).toBe(
      "4242 always",
    );
    expect(JSON.parse(await output("inspect", "web"))).toHaveLength(1);
    const waiting = follow("wait", "web");
    expect(await output("stop", "-t", "1", "web")).toBe("web");
    await waiting.over;
    expect(waiting.text().trim()).toBe("143");
    expect(await output("start", "web")).toBe("web");
    expect(await output("restart", "web")).toBe("web");
    const refused = await docker(["rm", "web"]);
    expect(refused).toMatchObject({ status: 1, stderr: "Error response from daemon: web is running\n" });
    expect(await output("kill", "-s", "TERM", "web")).toBe("web");
    expect(await output("rm", "-f", "web")).toBe("web");
    expect(api.engine.records.some(({ id }) => id === web.id)).toBe(false);
  });

  it("understands that something does not exist", async () => {
    expect((await docker(["inspect", "--type", "container", "nobody"])).stderr).toContain(
      "No such container: nobody",
    );
    expect((await docker(["logs", "nobody"])).stderr).toContain("No such container: nobody");
    expect((await docker(["rmi", "nothing"])).stderr).toContain("No such image: nothing");
    // By force, removing what is not there is no failure: the client must recognise the answer.
    expect((await docker(["rm", "-f", "nobody"])).status).toBe(0);
  });

  it("shows logs by stream, the tail of them, with times, and follows them to the exit", async () => {
    const web = api.engine.add("web");
    const time = "2026-11-24T02:44:01.000000001Z";
    api.engine.writeLog(web, `${time} stdout F out\n${time} stderr F err\n`);
    expect(await docker(["logs", "web"])).toEqual({ status: 0, stdout: "out\n", stderr: "err\n" });
    expect(await docker(["logs", "-n", "1", "-t", "web"])).toMatchObject({
      stdout: "",
      stderr: `${time} err\n`,
    });
    expect((await docker(["logs", "--since", "2026-11-24T02:44:02Z", "web"])).stdout).toBe("");
    const following = follow("logs", "-f", "web");
    await eventually(() => following.text() === "out\n", "the old line was shown");
    api.engine.writeLog(web, `${time} stdout F more\n`);
    await eventually(() => following.text() === "out\nmore\n", "the new line was shown");
    api.engine.exit(web, 0);
    expect(await following.over).toBe(0);
  });

  it("runs a command: output by stream, stdin to its end, environment, exit status", async () => {
    api.engine.add("web");
    const script = "cat; echo $A >&2; exit 5";
    const outcome = await docker(["exec", "-i", "-e", "A=b", "web", "sh", "-c", script], "from stdin\n");
    expect(outcome).toEqual({ status: 5, stdout: "from stdin\n", stderr: "b\n" });
    expect(await docker(["exec", "web", "echo", "hi"])).toEqual({ status: 0, stdout: "hi\n", stderr: "" });
    expect((await docker(["exec", "-d", "web", "true"])).status).toBe(0);
    expect((await docker(["exec", "web", "missing"])).status).toBe(127);
  });

  it("carries a megabyte through a command unharmed", async () => {
    api.engine.add("web");
    const text = "0123456789abcde\n".repeat(65_536);
    const { stdout } = await docker(["exec", "-i", "web", "cat"], text);
    expect(stdout === text).toBe(true);
  });

  it("imports, lists and removes images", async () => {
    const imported = await docker(["import", "-", "tools:1"], "an archive");
    expect(imported.stdout.trim()).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await output("images", "--format", "{{.Repository}}:{{.Tag}}")).toBe("tools:1");
    expect(await output("images", "-q", "other")).toBe("");
    expect(await output("rmi", "tools:1")).toContain("Untagged: tools:1");
    expect(await output("images", "-q")).toBe("");
  });

  it("shows events", async () => {
    const events = follow(
      "events",
      "--filter",
      "type=container",
      "--format",
      "{{.Action}} {{.Actor.Attributes.name}}",
    );
    await eventually(() => api.engine.listeners.size === 1, "it listens");
    api.engine.emit({
      type: "container",
      action: "start",
      id: "f00",
      attributes: { name: "web" },
      time: Date.now(),
    });
    await eventually(() => events.text() === "start web\n", "the event was shown");
  });

  it("is told that this is no swarm", async () => {
    expect((await docker(["service", "ls"])).stderr).toContain("This node is not a swarm manager");
  });
});
