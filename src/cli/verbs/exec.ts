import { GantryError } from "../../error.ts";
import { oneContainer } from "../chosen-containers.ts";
import { segment, type Client } from "../client.ts";
import { connect } from "../daemon-start.ts";
import { say, type Context } from "../context.ts";
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from "../../host/detach-keys.ts";
import { relay } from "../hijacked.ts";
import { interruptible } from "../interrupt.ts";
import { onResize } from "../raw-terminal.ts";
import type { SpecFlags } from "../spec-flags.ts";

export interface ExecOptions extends SpecFlags {
  /** Hand standard input on. */
  readonly interactive?: boolean;
  /** Run it on a terminal of its own. */
  readonly tty?: boolean;
  /** As docker has it: `ctrl-p,ctrl-q`. */
  readonly detachKeys?: string;
  /** `NAME=value`, or `NAME` for the value it has here. */
  readonly env?: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
}

const LEFT = "stopped listening; the command goes on inside the container";

/** `gantry exec CONTAINER|SERVICE COMMAND...`: ends with the command's own status. */
export async function exec(
  context: Context,
  target: string,
  command: readonly string[],
  options: ExecOptions,
): Promise<number> {
  const terminal = options.tty === true;
  const interactive = options.interactive === true;
  if (terminal && interactive && !context.stdin.isTTY)
    throw new GantryError("request.invalid", "the input device is not a terminal", {
      next: "leave -t out: gantry exec -i …",
    });
  const detachKeys = parseDetachKeys(options.detachKeys ?? DEFAULT_DETACH_KEYS);
  const client = await connect(context);
  const container = await oneContainer(context, client, target, options);
  return interruptible(context, LEFT, async (signal) => {
    const body = execBody(context, command, options);
    const created = await client.json<{ readonly Id: string }>(
      "POST",
      `/containers/${segment(container)}/exec`,
      {
        body,
        signal,
      },
    );
    const path = `/exec/${segment(created.Id)}`;
    const socket = await client.hijack(`${path}/start`, { Detach: false, Tty: terminal });
    const stopResizing = terminal ? followSize(context, client, path) : undefined;
    try {
      const how = await relay(context, socket, { interactive, terminal, detachKeys, signal });
      if (how === "detached") {
        say(context, LEFT);
        return 0;
      }
    } finally {
      stopResizing?.();
    }
    const { ExitCode } = await client.json<{ readonly ExitCode: number | null }>("GET", `${path}/json`);
    if (ExitCode !== null) return ExitCode;
    throw new GantryError(
      "daemon.unreachable",
      "the connection to the command broke; it may still be running",
    );
  });
}

function execBody(context: Context, command: readonly string[], options: ExecOptions): object {
  const { rows, columns } = context.stdout;
  return {
    AttachStdin: options.interactive === true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: options.tty === true,
    ...(rows === undefined || columns === undefined ? {} : { ConsoleSize: [rows, columns] }),
    Cmd: command,
    Env: environment(options.env ?? [], context.env),
    ...(options.workdir === undefined ? {} : { WorkingDir: options.workdir }),
    ...(options.user === undefined ? {} : { User: options.user }),
  };
}

/** Keeps the command's terminal as large as ours. Returns what ends it. */
function followSize(context: Context, client: Client, path: string): () => void {
  return onResize(context, (rows, columns) => {
    const told = client.text("POST", `${path}/resize`, { query: { h: rows, w: columns } });
    told.catch(() => undefined); // the command may be over by now
  });
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
