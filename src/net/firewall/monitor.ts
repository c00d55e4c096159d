import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

const RETRY_MS = 5_000;

/**
 * Hears from the kernel when something of a table is destroyed, by whomever: `nft monitor` reports it as it happens, so
 * nobody has to list the table over and over. `onLoss` only says "look again", and is also said whenever the monitor
 * itself had to be started anew.
 */
export class TableMonitor {
  readonly #table: string;
  readonly #onLoss: () => void;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(table: string, onLoss: () => void) {
    this.#table = table;
    this.#onLoss = onLoss;
  }

  /** Begins, where it has not begun. */
  watch(): void {
    if (this.#child !== undefined || this.#timer !== undefined || this.#closed) return;
    const child = spawn("nft", ["monitor", "destroy"], { stdio: ["ignore", "pipe", "ignore"], cwd: "/" });
    this.#child = child;
    child.on("error", () => undefined); // `close` follows
    child.on("close", () => {
      this.#child = undefined;
      if (this.#closed) return;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.watch();
        this.#onLoss();
      }, RETRY_MS).unref();
    });
    const lines = createInterface({ input: child.stdout });
    lines.on("error", () => undefined);
    lines.on("line", (line) => {
      if (line.split(" ").includes(this.#table)) this.#onLoss();
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#child?.kill();
  }
}
