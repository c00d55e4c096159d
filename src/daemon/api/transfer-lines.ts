import type { LayerProgress, TransferEvent } from "../../registry/transfer.ts";
import { errorBody } from "./errors.ts";

/** Between two lines about the bytes of one layer. */
const REST_MS = 100;

/** Docker's words for where a layer is; its clients look for some of them. */
const WORDS: Readonly<Record<LayerProgress["state"], string>> = {
  waiting: "Pulling fs layer",
  exists: "Already exists",
  downloading: "Downloading",
  unpacking: "Extracting",
  retrying: "Retrying",
  pulled: "Pull complete",
  preparing: "Preparing",
  present: "Layer already exists",
  pushing: "Pushing",
  mounted: "Mounted from",
  pushed: "Pushed",
};

/**
 * News of a pull or a push as docker's stream of JSON objects, one a line; `last` has the words for what is not a
 * TransferEvent. An error becomes the last line.
 */
export async function* transferLines<T extends { readonly kind: string }>(
  events: AsyncIterable<T | TransferEvent>,
  last: (event: Exclude<T, TransferEvent>) => readonly object[],
): AsyncGenerator<string> {
  const told = new Map<string, { readonly state: string; readonly at: number }>();
  try {
    for await (const event of events) {
      if (isTransfer(event)) {
        const message = messageOf(event, told);
        if (message !== undefined) yield line(message);
      } else for (const message of last(event as Exclude<T, TransferEvent>)) yield line(message);
    }
  } catch (error) {
    const { message, ...more } = errorBody(error);
    yield line({ errorDetail: { message, ...more }, error: message });
  }
}

function isTransfer(event: { readonly kind: string }): event is TransferEvent {
  return event.kind === "layer" || event.kind === "resolved" || event.kind === "warning";
}

function messageOf(
  event: TransferEvent,
  told: Map<string, { readonly state: string; readonly at: number }>,
): object | undefined {
  if (event.kind === "resolved") return { status: `Digest: ${event.digest}` };
  if (event.kind === "warning") return { status: `Warning: ${event.message}` };
  const { digest, state, bytes, total, message } = event;
  const now = performance.now();
  const before = told.get(digest);
  if (before?.state === state && (now - before.at < REST_MS || bytes === undefined)) return undefined;
  told.set(digest, { state, at: now });
  return {
    status: `${WORDS[state]}${message === undefined ? "" : `${state === "mounted" ? " " : ": "}${message}`}`,
    progressDetail: bytes === undefined ? {} : { current: bytes, total },
    id: digest.slice("sha256:".length, "sha256:".length + 12),
  };
}

function line(message: object): string {
  return `${JSON.stringify(message)}\r\n`;
}
