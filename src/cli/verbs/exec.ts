import type { Duplex } from "node:stream";
import { GantryError } from "../../error.ts";
import { segment, type Client } from "../client.ts";
import { connect } from "../daemon-start.ts";
import { firstRunning } from "../containers.ts";
import type { Context } from "../context.ts";
import { interruptible } from "../interrupt.ts";
import { demultiplex } from "../multiplex.ts";
import type { SpecFlags } from "../spec-flags.ts";
import { findTargets } from "../targets.ts";
import { writeAll } from "../write-all.ts";

export interface ExecOptions extends SpecFlags {
  /** Hand standard input on. */
  readonly interactive?: boolean;
  readonly tty?: boolean;
  /** `NAME=value`, or `NAME` for the value it has here. */
  readonly env?: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
}

/** `gantry exec CONTAINER|SERVICE COMMAND...`: ends with the command's own status. */
export async function exec(
  context: Context,
  target: string,
  command: readonly string[],
  options: ExecOptions,
): Promise<number> {
  if (options.tty === true)
    throw new GantryError("request.invalid", "a terminal (-t) is not built yet", {
      next: "leave -t out: gantry exec -i …",
    });
  const client = await connect(context);
  const container = await findContainer(context, client, target, options);
  return interruptible(
    context,
    "stopped listening; the command goes on inside the container",
    async (signal) => {
      const { Id } = await client.json<{ readonly Id: string }>(
        "POST",
        `/containers/${segment(container)}/exec`,
        {
          body: {
            AttachStdin: options.interactive === true,
            AttachStdout: true,
            AttachStderr: true,
            Tty: false,
            Cmd: command,
            Env: environment(options.env ?? [], context.env),
            ...(options.workdir === undefined ? {} : { WorkingDir: options.workdir }),
            ...(options.user === undefined ? {} : { User: options.user }),
          },
          signal,
        },
      );
      const socket = await client.hijack(`/exec/${segment(Id)}/start`, { Detach: false, Tty: false });
      await relay(context, socket, options.interactive === true, signal);
      const { ExitCode } = await client.json<{ readonly ExitCode: number | null }>(
        "GET",
        `/exec/${segment(Id)}/json`,
      );
      if (ExitCode === null)
        throw new GantryError(
          "daemon.unreachable",
          "the connection to the command broke; it may still be running",
        );
      return ExitCode;
    },
  );
}

async function findContainer(
  context: Context,
  client: Client,
  target: string,
  options: ExecOptions,
): Promise<string> {
  const { project, services, containers } = await findTargets(context, client, [target], options);
  const service = services?.[0];
  if (project === undefined || service === undefined) return containers[0] ?? target;
  return (await firstRunning(client, project, service)).Id;
}

/** Carries both directions until the command's output ends. */
async function relay(
  context: Context,
  socket: Duplex,
  interactive: boolean,
  signal: AbortSignal,
): Promise<void> {
  const abort = (): void => {
    socket.destroy(new DOMException("stopped listening", "AbortError"));
  };
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  if (interactive) context.stdin.pipe(socket);
  try {
    for await (const { stream, data } of demultiplex(socket)) await writeAll(context[stream], data);
  } catch (error) {
    // The command ended without reading all of its input; the status tells the rest.
    if (!["EPIPE", "ECONNRESET"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    context.stdin.unpipe(socket);
    // A standard input that is still open would keep this process alive.
    if (interactive) context.stdin.destroy();
    socket.destroy();
  }
}

/** Docker's `Env` list: a name alone takes its value from here, or is left out if it has none. */
export function environment(
  words: readonly string[],
  here: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return words.flatMap((word) => {
    if (word.includes("=")) return [word];
    const value = here[word];
    return value === undefined ? [] : [`${word}=${value}`];
  });
}
