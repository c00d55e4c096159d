// A gantry of the benchmark's own.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runFolder } from "./enclosure.mjs";
import { linkCount } from "./processes.mjs";
import { ask, follow, running } from "./unix-http.mjs";
import { until } from "./until.mjs";

const CLI = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const DAEMON = fileURLToPath(new URL("../dist/daemon/main.js", import.meta.url));

export class Gantry {
  constructor(base) {
    this.base = base;
    const run = runFolder(base);
    this.socket = join(run, "gantry.sock");
    this.env = { ...process.env, GANTRY_ROOT: join(base, "root"), GANTRY_RUN: run };
  }

  /** Starts the daemon. GANTRY_BENCH_NODE_OPTIONS goes to its node, for profiles. */
  async open() {
    const options = (process.env.GANTRY_BENCH_NODE_OPTIONS ?? "").split(" ").filter(Boolean);
    const log = openSync(join(this.base, "gantryd.log"), "a");
    this.daemon = spawn(process.execPath, [...options, DAEMON], {
      env: this.env,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    let ended = false;
    this.daemon.on("exit", () => (ended = true));
    await until("gantry's daemon", async () => ended || (await ask(this.socket, "GET", "/_ping")) === "OK");
    if (ended) throw new Error(`the daemon ended:\n${readFileSync(join(this.base, "gantryd.log"), "utf8")}`);
    return this;
  }

  /** Ends the daemon properly, so that a profile of it gets written. */
  async close() {
    const ended = new Promise((resolve) => this.daemon.on("exit", resolve));
    this.daemon.kill("SIGTERM");
    await ended;
  }

  /** Runs a command of the command line to its end; returns what it printed. Throws where it fails. */
  async cli(...args) {
    const child = spawn(process.execPath, [CLI, ...args], { env: this.env, stdio: "pipe" });
    child.stdin.end();
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += chunk));
    const code = await new Promise((resolve) => child.on("close", resolve));
    if (code !== 0) throw new Error(`gantry ${args.join(" ")}: ${code}\n${printed}`);
    return printed;
  }

  /** Starts `gantry watch` on a file and waits until its first apply has happened. */
  async watch(file) {
    const child = spawn(process.execPath, [CLI, "watch", "-f", file], { env: this.env, stdio: "pipe" });
    child.stdin.end();
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += chunk));
    child.on("exit", (code) => console.error(`gantry watch ended (${code}):\n${printed}`));
    await until("the first apply", async () => (await running(this.socket)) >= 1);
  }

  /** How long, in ms, from calling `begin` until the API says that exactly `count` containers run. */
  async timeUntil(count, begin) {
    // Asking costs the daemon time that it needs: events say when an answer is worth asking for.
    let events = 0;
    let next = () => undefined;
    const before = await running(this.socket);
    const close = await follow(this.socket, ["start", "die"], () => {
      events += 1;
      next();
    });
    const began = performance.now();
    const begun = Promise.resolve(begin());
    const seen = new Promise((resolve) => {
      next = () => {
        if (events >= Math.abs(count - before)) resolve();
      };
      next();
    });
    await Promise.race([seen, begun.then(() => seen)]);
    await until(`${count} running`, async () => (await running(this.socket)) === count, { everyMs: 5 });
    const ms = performance.now() - began;
    close();
    await begun;
    return ms;
  }

  /** Waits until nothing of removed containers is left: `count` records, and as many links. */
  async settle(count) {
    await until(`${count} containers`, async () => {
      const all = await ask(this.socket, "GET", "/containers/json?all=1");
      return all.length === count && linkCount("gt") === count;
    });
  }
}

/** Replaces a file as editors do: the new text beside it, then a rename. */
export function save(file, text) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** An empty folder below `base`, for a spec file. */
export function folder(base, name) {
  const path = join(base, name);
  mkdirSync(path, { recursive: true });
  return path;
}
