import { invalid } from "./errors.ts";
import type { Filters } from "./filters.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Docker's `until` filter as ms since the epoch: seconds since the epoch, RFC 3339, or a Go duration before now (`1h30m`).
 * Infinity where there is none. Throws request.invalid.
 */
export function untilOf(filters: Filters, now = Date.now()): number {
  const [text, ...more] = filters.get("until") ?? [];
  if (text === undefined) return Infinity;
  if (more.length > 0) throw invalid("more than one until filter specified");
  if (/^\d{1,11}(\.\d{1,9})?$/.test(text)) return Number(text) * 1000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([smh])/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join("") === text)
    return now - parts.reduce((sum, [, number, unit = ""]) => sum + Number(number) * (UNITS[unit] ?? 0), 0);
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw invalid(`invalid filter 'until=${text}'`, "give a time, or a duration such as 24h");
  return time;
}
