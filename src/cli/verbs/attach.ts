import { GantryError } from "../../error.ts";
import { oneContainer } from "../chosen-containers.ts";
import { segment, type Client } from "../client.ts";
import type { Context } from "../context.ts";
import { connect } from "../daemon-start.ts";
import { relay } from "../hijacked.ts";
import { interruptible } from "../interrupt.ts";
import { proxySignals } from "../signal-proxy.ts";
import type { SpecFlags } from "../spec-flags.ts";
import { exitOf } from "./wait.ts";

export interface AttachOptions extends SpecFlags {
  /** Send the signals that we get on to the container. */
  readonly sigProxy: boolean;
}

/** `gantry attach CONTAINER|SERVICE`: what it writes from now on; ends with the container and its status. */
export async function attach(context: Context, target: string, options: AttachOptions): Promise<number> {
  const client = await connect(context);
  const container = await oneContainer(context, client, target, options);
  await requireRunning(client, container);
  if (!options.sigProxy)
    return interruptible(context, "stopped listening; the container goes on", (signal) =>
      listen(context, client, container, signal),
    );
  const stop = proxySignals(client, container);
  try {
    return await listen(context, client, container, new AbortController().signal);
  } finally {
    stop();
  }
}

/** The daemon would wait for its next start, which nobody promised. */
async function requireRunning(client: Client, container: string): Promise<void> {
  const path = `/containers/${segment(container)}/json`;
  const { State } = await client.json<{ readonly State: { readonly Running: boolean } }>("GET", path);
  if (!State.Running)
    throw new GantryError("container.not-running", `container ${container} is not running`, {
      next: `try: gantry logs ${container}`,
    });
}

async function listen(
  context: Context,
  client: Client,
  container: string,
  signal: AbortSignal,
): Promise<number> {
  const path = `/containers/${segment(container)}`;
  const socket = await client.hijack(`${path}/attach?stream=1&stdout=1&stderr=1`, {});
  // Before the output ends: by then a restart policy may have begun its next life.
  const exit = exitOf(client, container, signal);
  exit.catch(() => undefined); // awaited below
  await relay(context, socket, { interactive: false, terminal: false, detachKeys: [], signal });
  return await exit;
}
