import { randomBytes } from "node:crypto";
import { GantryError } from "../../error.ts";
import type { ExecConfig, ExecSession } from "../../runtime/session.ts";
import type { Engine } from "../engine.ts";

/** A command to run in a container: created, then started at most once. */
export interface Exec {
  readonly id: string;
  readonly containerId: string;
  readonly config: ExecConfig;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly createdAt: number;
  started: boolean;
  running: boolean;
  pid: number;
  /** Undefined until it is over. */
  exitCode: number | undefined;
}

const KEPT_MS = 5 * 60 * 1000;
const MOST = 1024;

/** The execs of this daemon, in memory: they end with their container, and nobody asks for one long after. */
export class ExecRegistry {
  readonly #engine: Engine;
  readonly #execs = new Map<string, Exec>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  create(exec: Pick<Exec, "containerId" | "config" | "stdout" | "stderr">): Exec {
    this.#forgetOld();
    const id = randomBytes(32).toString("hex");
    const state = { started: false, running: false, pid: 0, exitCode: undefined };
    const created: Exec = { ...exec, id, createdAt: Date.now(), ...state };
    this.#execs.set(id, created);
    return created;
  }

  /** container.not-found when there is none of that id. */
  find(id: string): Exec {
    const exec = this.#execs.get(id);
    if (exec === undefined) throw new GantryError("container.not-found", `No such exec instance: ${id}`);
    return exec;
  }

  /** Starts it and keeps its state up to date. Throws conflict when it was started before, and what the engine throws. */
  async start(exec: Exec): Promise<ExecSession> {
    if (exec.started) throw new GantryError("conflict", `exec ${exec.id} was started already`);
    exec.started = true;
    exec.running = true;
    try {
      const session = await this.#engine.containers.exec(exec.containerId, exec.config);
      exec.pid = session.pid;
      // A process that closed its end is no error of ours.
      session.stdin.on("error", () => {});
      session.exit.then(
        (code) => this.#over(exec, code),
        () => this.#over(exec, 126),
      );
      return session;
    } catch (error) {
      this.#over(exec, failureStatus(error));
      throw error;
    }
  }

  #over(exec: Exec, code: number): void {
    exec.running = false;
    exec.exitCode = code;
  }

  #forgetOld(): void {
    const now = Date.now();
    for (const [id, exec] of this.#execs) {
      if (exec.running) continue;
      if (now - exec.createdAt > KEPT_MS || this.#execs.size >= MOST) this.#execs.delete(id);
    }
  }
}

/** The status a shell would report for a command that could not be run. */
function failureStatus(error: unknown): number {
  return error instanceof GantryError && error.code === "command.not-found" ? 127 : 126;
}
