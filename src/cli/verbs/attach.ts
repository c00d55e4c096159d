import { GantryError } from "../../error.ts";
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from "../../host/detach-keys.ts";
import { oneContainer } from "../chosen-containers.ts";
import { segment, type Client } from "../client.ts";
import { type Context, say } from "../context.ts";
import { connect } from "../daemon-start.ts";
import { relay } from "../hijacked.ts";
import { interruptible } from "../interrupt.ts";
import { onResize } from "../raw-terminal.ts";
import { proxySignals } from "../signal-proxy.ts";
import type { SpecFlags } from "../spec-flags.ts";
import { exitOf } from "./wait.ts";

export interface AttachOptions extends SpecFlags {
  /** Send the signals that we get on to the container. */
  readonly sigProxy: boolean;
  /** False: only listen. */
  readonly stdin: boolean;
  /** As docker has it: `ctrl-p,ctrl-q`. */
  readonly detachKeys?: string;
}

/** Engine API, ContainerInspectResponse. */
interface Inspected {
  readonly State: { readonly Running: boolean };
  readonly Config: { readonly Tty: boolean; readonly OpenStdin: boolean };
}

/**
 * `gantry attach CONTAINER|SERVICE`: what it writes from now on, and what we type where it listens; ends with the
 * container and its status.
 */
export async function attach(context: Context, target: string, options: AttachOptions): Promise<number> {
  const detachKeys = parseDetachKeys(options.detachKeys ?? DEFAULT_DETACH_KEYS);
  const client = await connect(context);
  const container = await oneContainer(context, client, target, options);
  const { Config } = await runningOne(client, container);
  const how = {
    interactive: options.stdin && Config.OpenStdin,
    terminal: Config.Tty,
    detachKeys,
  };
  // On a terminal ctrl-C is a key like others, and its driver's to make a signal of.
  if (!options.sigProxy)
    return interruptible(context, "stopped listening; the container goes on", (signal) =>
      listen(context, client, container, { ...how, signal }),
    );
  const stop = how.terminal && how.interactive ? undefined : proxySignals(client, container);
  try {
    return await listen(context, client, container, { ...how, signal: new AbortController().signal });
  } finally {
    stop?.();
  }
}

/** The daemon would wait for its next start, which nobody promised. */
async function runningOne(client: Client, container: string): Promise<Inspected> {
  const inspected = await client.json<Inspected>("GET", `/containers/${segment(container)}/json`);
  if (inspected.State.Running) return inspected;
  throw new GantryError("container.not-running", `container ${container} is not running`, {
    next: `try: gantry logs ${container}`,
  });
}

async function listen(
  context: Context,
  client: Client,
  container: string,
  how: {
    readonly interactive: boolean;
    readonly terminal: boolean;
    readonly detachKeys: readonly number[];
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const path = `/containers/${segment(container)}`;
  const stdin = how.interactive ? "&stdin=1" : "";
  const socket = await client.hijack(`${path}/attach?stream=1&stdout=1&stderr=1${stdin}`, {});
  // Before the output ends: by then a restart policy may have begun its next life.
  const leave = new AbortController();
  const exit = exitOf(client, container, AbortSignal.any([how.signal, leave.signal]));
  exit.catch(() => undefined); // awaited below, or left alone
  const stopResizing = how.terminal ? keepSize(context, client, path) : undefined;
  try {
    if ((await relay(context, socket, how)) === "ended") return await exit;
    say(context, "detached; the container goes on");
    return 0;
  } finally {
    stopResizing?.();
    leave.abort();
  }
}

/** Makes a container's terminal as large as ours, and keeps it so. Returns what ends that. */
export function keepSize(context: Context, client: Client, path: string): () => void {
  const tell = (rows: number, columns: number): void => {
    const told = client.text("POST", `${path}/resize`, { query: { h: rows, w: columns } });
    told.catch(() => undefined); // it may be over by now
  };
  const { rows, columns } = context.stdout;
  if (rows !== undefined && columns !== undefined) tell(rows, columns);
  return onResize(context, tell);
}
