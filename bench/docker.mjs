// Debian's dockerd, as a benchmark's own: private folders, its default bridge in the benchmark's network namespace.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupName } from "./enclosure.mjs";
import { linkCount } from "./processes.mjs";
import { ask, running } from "./unix-http.mjs";
import { until } from "./until.mjs";

const CLIENT = ["/usr/bin/docker", "/usr/local/bin/docker"].find(existsSync);
const DAEMON = ["/usr/sbin/dockerd", "/usr/bin/dockerd"].find(existsSync);
export const MEMORY_BYTES = 64 * 2 ** 20;

export class Docker {
  static installed() {
    return CLIENT !== undefined && DAEMON !== undefined;
  }

  constructor(base) {
    this.base = base;
    this.socket = join(base, "docker.sock");
  }

  async open(archive) {
    writeFileSync(join(this.base, "docker.json"), "{}");
    const log = openSync(join(this.base, "dockerd.log"), "a");
    const at = (name) => join(this.base, "docker", name);
    const args = ["--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("pid")];
    args.push(
      "--config-file",
      join(this.base, "docker.json"),
      "--cgroup-parent",
      `/${cgroupName(this.base)}`,
    );
    const daemon = spawn(DAEMON, [...args, "-H", `unix://${this.socket}`], { stdio: ["ignore", log, log] });
    closeSync(log);
    let ended = false;
    daemon.on("exit", () => (ended = true));
    await until("dockerd", async () => ended || (await ask(this.socket, "GET", "/_ping")) === "OK");
    if (ended)
      throw new Error(`dockerd ended:\n${readFileSync(join(this.base, "dockerd.log"), "utf8").slice(-2000)}`);
    this.#cli(["import", archive, "bench:1"]);
    this.version = (await ask(this.socket, "GET", "/version")).Version;
    return this;
  }

  /** Starts containers until `count` run, at most `parallel` at once; ms from the first until the API says so. */
  async timeToStart(count, parallel, startOne) {
    const missing = count - (await running(this.socket));
    let next = 0;
    const began = performance.now();
    const work = async () => {
      while (next++ < missing) await startOne.call(this);
    };
    await Promise.all(Array.from({ length: parallel }, work));
    await until(`${count} running`, async () => (await running(this.socket)) === count, { everyMs: 5 });
    return performance.now() - began;
  }

  /** `docker run -d`, as people start containers. */
  async run() {
    const args = ["run", "-d", "-m", String(MEMORY_BYTES), "bench:1", "sleep", "86400"];
    const child = spawn(CLIENT, ["-H", `unix://${this.socket}`, ...args], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    if (code !== 0) throw new Error(`docker run: ${code}`);
  }

  /** Create and start over the API: docker without its command line's own cost. */
  async createAndStart() {
    const body = { Image: "bench:1", Cmd: ["sleep", "86400"], HostConfig: { Memory: MEMORY_BYTES } };
    const { Id } = await ask(this.socket, "POST", "/containers/create", body);
    await ask(this.socket, "POST", `/containers/${Id}/start`);
  }

  async removeAll() {
    const all = await ask(this.socket, "GET", "/containers/json?all=1");
    let next = 0;
    const work = async () => {
      for (let one; (one = all[next++]) !== undefined;)
        await ask(this.socket, "DELETE", `/containers/${one.Id}?force=1`);
    };
    await Promise.all(Array.from({ length: 4 }, work));
    await until("no veth left", () => linkCount("veth") === 0);
  }

  #cli(args) {
    const { status } = spawnSync(CLIENT, ["-H", `unix://${this.socket}`, ...args], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0) throw new Error(`docker ${args.join(" ")}: ${status}`);
  }
}
