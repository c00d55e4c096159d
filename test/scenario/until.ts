import { setTimeout as delay } from "node:timers/promises";

/** As vitest.config.ts has it. */
const PATIENCE = Number(process.env["GANTRY_TEST_PATIENCE"] ?? 1);

/**
 * Polls until the probe gives something other than undefined or false, and returns it. Throws after `deadlineMs` (on a
 * slow machine GANTRY_TEST_PATIENCE times that), with what the probe said last.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 20_000,
): Promise<T> {
  const patientMs = deadlineMs * PATIENCE;
  const deadline = Date.now() + patientMs;
  for (let last: unknown; ;) {
    try {
      const result = await probe();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${patientMs} ms in vain for ${what}`, { cause: last });
    await delay(20);
  }
}
