import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { endLeaks, leaksOf } from "./leaks.ts";
import { until } from "./until.ts";

const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const ARTIFACTS = fileURLToPath(new URL("../artifacts", import.meta.url));

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly stdin?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** As the daemon's /containers/json has it. */
export interface ListedContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  readonly Status: string;
}

export interface InspectedContainer {
  readonly Id: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Pid: number;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Running: boolean;
    readonly StartedAt: string;
  };
}

/**
 * A gantry of a test's own: root, run folder, and a folder for spec files, all below one temporary folder. `close`
 * stops what it started and asserts that nothing was left on the machine.
 */
export class Instance {
  readonly base: string;
  /** Where spec files go and commands run. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** A command that runs what follows it, where gantry is not to run in the test's own namespaces. */
  readonly #within: readonly string[];
  readonly #children = new Set<ChildProcess>();

  private constructor(base: string, within: readonly string[]) {
    this.base = base;
    this.folder = join(base, "spec");
    this.#within = within;
    this.env = {
      GANTRY_ROOT: join(base, "root"),
      GANTRY_RUN: join(base, "run"),
      // This machine's firewall is none of a test's business; those about it have a network namespace of their own.
      GANTRY_FIREWALL: within.length === 0 ? "none" : "nftables",
    };
  }

  static async open(within: readonly string[] = []): Promise<Instance> {
    const base = await realpath(await mkdtemp(join(tmpdir(), "gantry-test-")));
    const instance = new Instance(base, within);
    await mkdir(instance.folder);
    return instance;
  }

  /** Writes a file into the spec folder; returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, text);
    return path;
  }

  /** Starts a command and leaves it running; `close` ends it. */
  start(args: readonly string[], options: CommandOptions = {}): ChildProcess {
    const [program = "", ...first] = [...this.#within, process.execPath, CLI, ...args];
    const child = spawn(program, first, {
      cwd: options.cwd ?? this.folder,
      env: { ...process.env, ...this.env, ...options.env },
      stdio: "pipe",
    });
    this.#children.add(child);
    child.on("close", () => this.#children.delete(child));
    return child;
  }

  /** Runs a command to its end. */
  async gantry(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const child = this.start(args, options);
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin?.on("error", () => undefined); // it may end without reading
    child.stdin?.end(options.stdin ?? "");
    const code = await new Promise<number>((resolve) => child.on("close", (status) => resolve(status ?? -1)));
    return { code, stdout, stderr };
  }

  /** Runs a command that must succeed; returns what it printed. */
  async ok(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.gantry(args, options);
    if (code !== 0) throw new Error(`gantry ${args.join(" ")}: exit ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Writes compose.yaml, applies it and waits. */
  async apply(spec: string, ...flags: readonly string[]): Promise<string> {
    await this.write("compose.yaml", spec);
    return await this.ok(["apply", "--wait", ...flags]);
  }

  /** A GET to the daemon's API. */
  async get<T>(path: string): Promise<T> {
    const text = await new Promise<string>((resolve, reject) => {
      const sent = request(
        { socketPath: join(this.env["GANTRY_RUN"] ?? "", "gantry.sock"), path },
        (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
          response.on("end", () => resolve(body));
        },
      );
      sent.on("error", reject).end();
    });
    return JSON.parse(text) as T;
  }

  /** Every container, by name. */
  async containers(): Promise<ReadonlyMap<string, ListedContainer>> {
    const list = await this.get<readonly ListedContainer[]>("/containers/json?all=1");
    return new Map(list.map((one) => [(one.Names[0] ?? "").replace(/^\//, ""), one]));
  }

  async inspect(name: string): Promise<InspectedContainer> {
    return await this.get<InspectedContainer>(`/containers/${name}/json`);
  }

  /** Host pid of a container's first process. */
  async pidOf(name: string): Promise<number> {
    const { State } = await this.inspect(name);
    if (!State.Running) throw new Error(`${name} is not running`);
    return State.Pid;
  }

  /** Names of the containers that run, sorted. */
  async running(): Promise<readonly string[]> {
    return [...(await this.containers())]
      .filter(([, { State }]) => State === "running")
      .map(([name]) => name)
      .sort();
  }

  async daemonPid(): Promise<number | undefined> {
    const log = await readFile(join(this.env["GANTRY_RUN"] ?? "", "daemon.log"), "utf8").catch(() => "");
    const pids = [...log.matchAll(/"pid":(\d+),"msg":"gantryd is ready"/g)].map(([, pid]) => Number(pid));
    return pids.at(-1);
  }

  /** Ends the daemon by a signal and waits until it is gone. */
  async endDaemon(signal: NodeJS.Signals): Promise<void> {
    const pid = await this.daemonPid();
    if (pid === undefined || !isAlive(pid)) return;
    process.kill(pid, signal);
    await until("the daemon's end", () => !isAlive(pid));
  }

  /** Takes everything down; throws when something stayed behind. Keeps logs when the test failed. */
  async close(failed = false): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    const run = this.env["GANTRY_RUN"] ?? "";
    if (failed)
      await cp(join(run, "daemon.log"), join(ARTIFACTS, `${Date.now()}.daemon.log`)).catch(() => undefined);
    let leaks: readonly string[] = [];
    try {
      for (const name of await this.#projects()) await this.ok(["down", "-v", "-p", name]);
      await this.endDaemon("SIGTERM");
      await until("everything to be gone", async () => (await leaksOf(this.base)).length === 0, 10_000).catch(
        () => undefined,
      );
    } finally {
      // Also where something refused to be taken down: nothing of it may meet the next test.
      leaks = await leaksOf(this.base);
      await endLeaks(this.base);
      await rm(this.base, { recursive: true, force: true });
    }
    if (leaks.length > 0) throw new Error(`left behind:\n${leaks.join("\n")}`);
  }

  /** Names of the projects it was told to run; asks no daemon where none was ever started. */
  async #projects(): Promise<readonly string[]> {
    if (!existsSync(this.env["GANTRY_ROOT"] ?? "")) return [];
    const { stdout } = await this.gantry(["projects", "-o", "json"]);
    return (JSON.parse(stdout || "[]") as readonly { readonly name: string }[]).map(({ name }) => name);
  }
}

/** Whether a process runs; one that ended and waits for its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
