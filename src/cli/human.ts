const SIZES = ["B", "kB", "MB", "GB", "TB", "PB"];
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Bytes in decimal units with three significant digits, as docker prints them: `12.3MB`. */
export function humanBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < SIZES.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))}${SIZES[unit] ?? ""}`;
}

/** A length of time in one unit, in docker's words: `About a minute`, `3 hours`. */
export function humanDuration(ms: number): string {
  if (ms < SECOND) return "Less than a second";
  if (ms < 2 * SECOND) return "1 second";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} seconds`;
  if (ms < 2 * MINUTE) return "About a minute";
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} minutes`;
  if (ms < 1.5 * HOUR) return "About an hour";
  if (ms < 2 * DAY) return `${Math.round(ms / HOUR)} hours`;
  if (ms < 14 * DAY) return `${Math.floor(ms / DAY)} days`;
  if (ms < 60 * DAY) return `${Math.floor(ms / DAY / 7)} weeks`;
  if (ms < 730 * DAY) return `${Math.floor(ms / DAY / 30)} months`;
  return `${Math.floor(ms / DAY / 365)} years`;
}

/** How long ago a moment was: `3 minutes ago`. Both are ms since the epoch. */
export function humanAge(then: number, now: number): string {
  return `${humanDuration(Math.max(0, now - then))} ago`;
}

/** A measured time: `12 ms`, `1.2 s`. */
export function humanMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
