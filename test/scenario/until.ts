import { setTimeout as delay } from "node:timers/promises";

/**
 * Polls until the probe gives something other than undefined or false, and returns it. Throws after `deadlineMs`, with
 * what the probe said last.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (let last: unknown; ;) {
    try {
      const result = await probe();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`waited ${deadlineMs} ms in vain for ${what}`, { cause: last });
    await delay(20);
  }
}
