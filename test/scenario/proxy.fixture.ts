import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { listenerId } from "../../src/net/listener.ts";
import type { PublishedPort } from "../../src/net/listener.ts";
import { openProxy } from "../../src/net/proxy.ts";
import type { Proxy } from "../../src/net/proxy.ts";

/** GANTRY_TEST_PROXY names another build of it, such as the one with sanitizers. */
export const program =
  process.env["GANTRY_TEST_PROXY"] ??
  fileURLToPath(new URL("../../native/build/gantry-proxy", import.meta.url));

/** Polls until the condition holds; fails after a deadline. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 10_000,
): Promise<void> {
  for (const end = Date.now() + deadlineMs; !(await holds()); await delay(5))
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
}

/** A proxy of its own for one test, and a service of replicas on addresses of the loopback. */
export class Stage {
  readonly run: string;
  readonly problems: unknown[] = [];
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #proxies: Proxy[] = [];

  private constructor(run: string) {
    this.run = run;
  }

  static async set(): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), "gantry-proxy-")));
  }

  async open(programPath = program): Promise<Proxy> {
    const proxy = await openProxy({
      program: programPath,
      run: this.run,
      onProblem: (problem) => this.problems.push(problem),
    });
    this.#proxies.push(proxy);
    return proxy;
  }

  /** Starts servers on 127.0.1.1, 127.0.1.2, ... with one port. Returns it. */
  async replicas(count: number, serve: (socket: Socket, number: number) => void): Promise<number> {
    let port = 0;
    for (let number = 1; number <= count; number++) {
      const server = createServer({ allowHalfOpen: true }, (socket) => serve(this.#keep(socket), number));
      server.listen({ host: `127.0.1.${number}`, port, backlog: 4096 });
      await once(server, "listening");
      port = (server.address() as AddressInfo).port;
      this.#servers.push(server);
    }
    return port;
  }

  async stopReplica(number: number): Promise<void> {
    const server = this.#servers[number - 1]!;
    server.close();
    await once(server, "close");
  }

  connect(port: number, host = "127.0.0.1"): Socket {
    return this.#keep(connect({ port, host, allowHalfOpen: true }));
  }

  /** What a server says to a client that says `text` and then ends. */
  async ask(port: number, text = "", host = "127.0.0.1"): Promise<string> {
    const socket = this.connect(port, host);
    socket.end(text);
    return readAll(socket);
  }

  async pid(): Promise<number> {
    const wanted = ["--socket", join(this.run, "proxy.sock"), ""].join("\0");
    for (const entry of await readdir("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const line = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
      if (line.endsWith(wanted)) return Number(entry);
    }
    throw new Error("the proxy does not run");
  }

  async strike(): Promise<void> {
    for (const proxy of this.#proxies) proxy.close();
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
    await this.pid().then(
      (pid) => process.kill(pid, "SIGKILL"),
      () => undefined,
    );
    const said = await readFile(join(this.run, "proxy.log"), "utf8").catch(() => "");
    await rm(this.run, { recursive: true, force: true });
    if (said !== "") throw new Error(`the proxy complained:\n${said}`);
  }

  #keep(socket: Socket): Socket {
    socket.on("error", () => undefined);
    this.#sockets.add(socket);
    return socket;
  }
}

/** Everything until the end, leaving the socket open for the other direction. */
export async function readAll(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => parts.push(part));
  await once(socket, "end");
  return Buffer.concat(parts).toString();
}

/** The code of the error that opening a connection ends with, undefined when it opens. */
export function connectError(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => (socket.destroy(), resolve(undefined)));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}

export function publishedPort(containerPort: number, change: Partial<PublishedPort> = {}): PublishedPort {
  const port = {
    project: "shop",
    service: "web",
    protocol: "tcp",
    hostIp: "127.0.0.1",
    hostPort: 0,
    containerPort,
  };
  return { ...port, ...change } as PublishedPort;
}

export function addresses(...numbers: readonly number[]): string[] {
  return numbers.map((number) => `127.0.1.${number}`);
}

/** Publishes a port with these replicas behind it. Returns where it is, and its id. */
export async function publish(proxy: Proxy, port: PublishedPort, behind: readonly string[]) {
  const [bound] = await proxy.listen([port]);
  const id = listenerId(port);
  await proxy.setEndpoints(id, behind);
  return { id, port: bound!.boundPort };
}
