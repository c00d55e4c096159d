const UNITS = ["B", "K", "M", "G", "T"] as const;

/** Bytes as Compose writes them, exactly: `64M`, `1G`, `1536K`, `1000B`; `none` where there is no limit. */
export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return "none";
  let amount = bytes;
  let unit = 0;
  while (amount !== 0 && amount % 1024 === 0 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${amount}${UNITS[unit] ?? ""}`;
}

/** Nanocpus as a number of CPUs: `0.5`; `none` where there is no limit. */
export function cpusText(nanocpus: number | undefined): string {
  return nanocpus === undefined ? "none" : String(nanocpus / 1e9);
}

/** ms as seconds: `10s`, `1.5s`. */
export function durationText(ms: number): string {
  return `${ms / 1000}s`;
}
