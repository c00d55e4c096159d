/** How a container came to its end, as the rest of a sentence: `exited with status 3`. */
export function howItEnded(oomKilled: boolean, exitCode: number | undefined): string {
  return oomKilled ? "was killed: out of memory" : `exited with status ${exitCode ?? "?"}`;
}
