import { randomBytes } from "node:crypto";
import { GantryError } from "../../error.ts";
import type { ExecConfig, ExecSession, TerminalSize } from "../../runtime/session.ts";
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
  /** Its terminal's, once it is known better than the configuration. */
  size: TerminalSize | undefined;
  session: ExecSession | undefined;
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
    const nothing = { exitCode: undefined, size: undefined, session: undefined };
    const state = { started: false, running: false, pid: 0, ...nothing };
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
      const asked = exec.size;
      const session = await this.#engine.containers.exec(exec.containerId, configOf(exec));
      exec.pid = session.pid;
      exec.session = session;
      if (exec.size !== undefined && exec.size !== asked) session.resize(exec.size); // it changed meanwhile
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

  /** Sets the size of an exec's terminal; before the start it is what the terminal begins with. Throws conflict. */
  resize(exec: Exec, size: TerminalSize): void {
    if (exec.started && !exec.running) throw new GantryError("conflict", `exec ${exec.id} is over`);
    exec.size = size;
    exec.session?.resize(size);
  }

  #over(exec: Exec, code: number): void {
    exec.running = false;
    exec.session = undefined;
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

function configOf({ config, size }: Exec): ExecConfig {
  return config.terminal === undefined || size === undefined ? config : { ...config, terminal: size };
}

/** The status a shell would report for a command that could not be run. */
function failureStatus(error: unknown): number {
  return error instanceof GantryError && error.code === "command.not-found" ? 127 : 126;
}
