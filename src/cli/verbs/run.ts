import { GantryError } from "../../error.ts";
import { segment, type Client } from "../client.ts";
import { type Context, say } from "../context.ts";
import { connect } from "../daemon-start.ts";
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from "../../host/detach-keys.ts";
import { relay } from "../hijacked.ts";
import { createContainer } from "../run/create.ts";
import type { RunFlags } from "../run/flags.ts";
import { attachedStreams } from "../run/request.ts";
import { proxySignals } from "../signal-proxy.ts";
import { keepSize } from "./attach.ts";

/**
 * `gantry run IMAGE [COMMAND...]`: makes a container and starts it. Stays with it until it ends, and ends with its
 * status; with `-d` prints its id and leaves it alone.
 */
export async function run(
  context: Context,
  image: string,
  command: readonly string[],
  flags: RunFlags,
): Promise<number> {
  const { tty = false, interactive = false } = flags;
  if (flags.detach === true && flags.attach !== undefined)
    throw new GantryError("request.invalid", "-d and -a contradict each other");
  if (flags.detach !== true && tty && interactive && !context.stdin.isTTY)
    throw new GantryError("request.invalid", "the input device is not a terminal", { next: "leave -t out" });
  const keys = parseDetachKeys(flags.detachKeys ?? DEFAULT_DETACH_KEYS);
  const client = await connect(context);
  const id = await createContainer(context, client, image, command, flags);
  if (flags.detach !== true) return await attached(context, client, id, flags, keys);
  await client.text("POST", `/containers/${segment(id)}/start`);
  context.stdout.write(`${id}\n`);
  return 0;
}

async function attached(
  context: Context,
  client: Client,
  id: string,
  flags: RunFlags,
  detachKeys: readonly number[],
): Promise<number> {
  const { tty = false, rm = false, sigProxy = true } = flags;
  const path = `/containers/${segment(id)}`;
  const streams = attachedStreams(flags);
  const wanted = Object.entries(streams).flatMap(([name, on]) => (on ? [`${name}=1`] : []));
  const leave = new AbortController();
  const stopProxy = sigProxy && !tty ? proxySignals(client, id) : undefined;
  let stopResizing: (() => void) | undefined;
  try {
    // Both before the start: nothing of a container that ends at once is missed.
    const socket = await client.hijack(`${path}/attach?stream=1&${wanted.join("&")}`, {});
    const query = { condition: rm ? "removed" : "next-exit" };
    const exit = client.json<{ readonly StatusCode: number }>("POST", `${path}/wait`, {
      query,
      signal: leave.signal,
    });
    exit.catch(() => undefined); // awaited below, or left alone
    try {
      await client.text("POST", `${path}/start`);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    if (tty) stopResizing = keepSize(context, client, path);
    const how = await relay(context, socket, {
      interactive: streams.stdin,
      terminal: tty,
      detachKeys,
      signal: leave.signal,
    });
    if (how === "detached") {
      say(context, `detached; it goes on: gantry attach ${flags.name ?? id.slice(0, 12)}`);
      return 0;
    }
    return (await exit).StatusCode;
  } finally {
    stopResizing?.();
    stopProxy?.();
    leave.abort();
  }
}
