import { setTimeout as delay } from "node:timers/promises";
import type { Answer } from "./transport.ts";

/** How often something is tried in all before it is given up. */
export const TRIES = 5;
const FIRST_MS = 250;
const LONGEST_MS = 8000;
/** A registry that asks for more patience than this is not waited for. */
const MOST_PATIENCE_MS = 20_000;

/** Milliseconds to wait after so many failures in a row, at least 1: doubling, and spread so that many do not come back at once. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)) * (0.5 + random() / 2);
}

/** What `Retry-After` asks for in ms; 0 when it does not. Infinity for more than anybody waits. */
export function askedPatienceMs({ headers }: Pick<Answer, "headers">, now: number): number {
  const text = headers["retry-after"] ?? "";
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  if (Number.isNaN(ms) || ms <= 0) return 0;
  return ms > MOST_PATIENCE_MS ? Infinity : ms;
}

/** Throws the signal's reason. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}
