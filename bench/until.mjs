import { setTimeout as delay } from "node:timers/promises";

/** Waits until `test` holds, looking every `everyMs`; throws after `patienceMs`. An error counts as "not yet". */
export async function until(what, test, { everyMs = 20, patienceMs = 60_000 } = {}) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    if (
      await Promise.resolve()
        .then(test)
        .catch(() => false)
    )
      return;
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs} ms for ${what}`);
    await delay(everyMs);
  }
}
