import { InvalidValue } from "./report.ts";

const MILLISECONDS: Readonly<Record<string, number>> = {
  us: 0.001,
  µs: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const WHOLE = /^(?:\d+(?:\.\d+)?(?:us|µs|ms|s|m|h))+$/;
const PART = /(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)/g;
/** Node's timers hold a signed 32-bit number of milliseconds. */
const MAX = 2 ** 31 - 1;

/** Milliseconds from `1m30s`, `500ms`, `1.5h` or `0`, as the Compose Specification has durations. Throws InvalidValue. */
export function readDuration(text: string): number {
  if (text === "0") return 0;
  if (!WHOLE.test(text)) throw new InvalidValue(`expected a duration such as 10s or 1m30s, got "${text}"`);
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART))
    total += Number(amount) * (MILLISECONDS[unit ?? ""] ?? 0);
  if (total > MAX) throw new InvalidValue(`the duration "${text}" is longer than 24 days`);
  return Math.round(total);
}
