import type { Context, Output } from "./context.ts";
import type { TimedLine } from "./log-stream.ts";
import { writeAll } from "./write-all.ts";

const NEWLINE = 0x0a;

/**
 * Prints lines of several containers, each behind its name: `web-1  | hello`. A line that arrives in pieces stays one
 * line as long as nobody else writes in between. Pieces go to the stream they came from.
 */
export class LogPrinter {
  readonly #context: Pick<Context, "stdout" | "stderr">;
  readonly #timestamps: boolean;
  #width = 0;
  /** Whose line is open, not ended by a newline yet. */
  #open: { readonly name: string; readonly output: Output } | undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(context: Pick<Context, "stdout" | "stderr">, names: readonly string[], timestamps: boolean) {
    this.#context = context;
    this.#timestamps = timestamps;
    for (const name of names) this.#width = Math.max(this.#width, name.length);
  }

  /** Resolves once the line is on its way; calls are carried out one after another. */
  print(name: string, line: TimedLine): Promise<void> {
    this.#tail = this.#tail.then(() => this.#write(name, line));
    return this.#tail;
  }

  async #write(name: string, { stream, time, data }: TimedLine): Promise<void> {
    const output = this.#context[stream];
    const goesOn = this.#open?.name === name && this.#open.output === output;
    if (this.#open !== undefined && !goesOn) this.#open.output.write("\n");
    this.#width = Math.max(this.#width, name.length);
    const prefix = goesOn ? "" : `${name.padEnd(this.#width)}  | ${this.#timestamps ? `${time} ` : ""}`;
    this.#open = data.at(-1) === NEWLINE ? undefined : { name, output };
    await writeAll(output, Buffer.concat([Buffer.from(prefix), data]));
  }

  /** Ends a line that was left open. */
  close(): void {
    this.#open?.output.write("\n");
    this.#open = undefined;
  }
}
