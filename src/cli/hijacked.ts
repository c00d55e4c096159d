import type { Duplex } from "node:stream";
import type { Context } from "./context.ts";
import { untilDetached } from "../host/detach-keys.ts";
import { demultiplex } from "./multiplex.ts";
import { withRawTerminal } from "./raw-terminal.ts";
import { writeAll } from "./write-all.ts";

export interface RelayOptions {
  /** Hand standard input on. */
  readonly interactive: boolean;
  /** The other side is a terminal: its output comes unframed. */
  readonly terminal: boolean;
  /** Bytes that leave the other side alone. */
  readonly detachKeys: readonly number[];
  readonly signal: AbortSignal;
}

/** Carries both directions of a hijacked connection until the other side ends its output, or the user leaves it. */
export async function relay(
  context: Context,
  socket: Duplex,
  options: RelayOptions,
): Promise<"detached" | "ended"> {
  const { interactive, terminal, signal } = options;
  const abort = (): void => {
    socket.destroy(new DOMException("stopped listening", "AbortError"));
  };
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    if (!terminal || !interactive || !context.stdin.isTTY) return await carry(context, socket, options);
    return await withRawTerminal(context, () => carry(context, socket, options));
  } finally {
    signal.removeEventListener("abort", abort);
    // A standard input that is still open would keep this process alive.
    if (interactive) context.stdin.destroy();
    socket.destroy();
  }
}

async function carry(
  context: Context,
  socket: Duplex,
  { interactive, terminal, detachKeys }: RelayOptions,
): Promise<"detached" | "ended"> {
  let how: "detached" | "ended" = "ended";
  if (interactive && terminal) {
    void typed(context, socket, detachKeys).then((left) => {
      if (left !== "detached") return;
      how = left;
      socket.destroy();
    });
  } else if (interactive) context.stdin.pipe(socket);
  try {
    if (terminal) for await (const data of socket) await writeAll(context.stdout, data as Uint8Array);
    else for await (const { stream, data } of demultiplex(socket)) await writeAll(context[stream], data);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    // The other side ended without reading all of its input, or we left: the status tells the rest.
    if (how === "ended" && !["EPIPE", "ECONNRESET"].includes(code)) throw error;
  } finally {
    context.stdin.unpipe(socket);
  }
  return how;
}

/** Sends what is typed until it ends, the user detaches, or the connection is gone. */
async function typed(
  context: Context,
  socket: Duplex,
  detachKeys: readonly number[],
): Promise<"detached" | "ended"> {
  const keys = untilDetached(context.stdin as AsyncIterable<Uint8Array>, detachKeys);
  try {
    for (;;) {
      const { value, done } = await keys.next();
      if (done === true) return value;
      if (socket.destroyed) return "ended";
      await writeAll(socket, value);
    }
  } catch {
    return "ended"; // standard input was closed under it, as at the end of the other side
  }
}
