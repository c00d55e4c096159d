import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { GantryError } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Endpoints } from "./endpoints.ts";
import { howItEnded } from "./how-it-ended.ts";

const POLL_MS = 20;
/** After this long a container whose published port nobody answers on is taken as it is. */
const PORT_PATIENCE_MS = 30_000;
const CONNECT_MS = 1000;

/** Waits until a container that was made just now can take over from another. */
export class Takeover {
  readonly #runtime: Runtime;
  readonly #endpoints: Endpoints;

  constructor(runtime: Runtime, endpoints: Endpoints) {
    this.#runtime = runtime;
    this.#endpoints = endpoints;
  }

  /**
   * Resolves once it has been up for `monitorMs` and its health check says that it is healthy; without one, once
   * somebody answers on the TCP ports that are published of it. Rejects with `conflict` when it ends before, becomes
   * unhealthy, or the signal is aborted.
   */
  async wait(id: string, monitorMs: number, signal: AbortSignal): Promise<void> {
    const began = performance.now();
    const elapsed = (): number => performance.now() - began;
    for (;;) {
      this.#requireAlive(id);
      const health = this.#runtime.health.of(id);
      if (health?.status === "unhealthy") {
        const said = health.log.at(-1)?.output.trim() ?? "";
        throw this.#notReady(id, `did not become healthy${said === "" ? "" : `: ${lastLine(said)}`}`);
      }
      const healthy = health === undefined ? await this.#answers(id, elapsed()) : health.status === "healthy";
      if (healthy && elapsed() >= monitorMs) return;
      if (signal.aborted) throw this.#notReady(id, "was not ready yet when something else was asked for");
      await delay(POLL_MS);
    }
  }

  #requireAlive(id: string): void {
    const status = this.#runtime.status(id);
    if (status.phase === "running") return;
    if (status.phase === "created") throw this.#notReady(id, status.failure?.message ?? "did not start");
    const { code, oomKilled } = status.exit;
    throw this.#notReady(id, `${howItEnded(oomKilled, code)} before it was ready`);
  }

  #notReady(id: string, how: string): GantryError {
    const name = this.#runtime.records.get(id)?.name ?? id.slice(0, 12);
    return new GantryError("conflict", `the new ${name} ${how}`, {
      next: "mend the file and apply it again",
    });
  }

  async #answers(id: string, elapsedMs: number): Promise<boolean> {
    if (elapsedMs > PORT_PATIENCE_MS) return true;
    const record = this.#runtime.records.get(id);
    const address = record?.address;
    if (record === undefined || address === undefined) return true;
    const ports = this.#endpoints.tcpPorts(record);
    return (await Promise.all(ports.map((port) => accepts(address, port)))).every(Boolean);
  }
}

/** Whether somebody accepts connections there, within a second. */
export async function accepts(host: string, port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect({ host, port });
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(CONNECT_MS, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf("\n") + 1);
}
