import type { RestartPolicy } from "./project.ts";
import { InvalidValue } from "./report.ts";
import { didYouMean } from "./suggest.ts";

const NAMES = ["no", "always", "on-failure", "unless-stopped"] as const;

/** `no`, `always`, `on-failure`, `on-failure:5` or `unless-stopped`. Throws InvalidValue. */
export function readRestart(text: string): RestartPolicy {
  const [, tries] = /^on-failure:(\d{1,6})$/.exec(text) ?? [];
  if (tries !== undefined) return { name: "on-failure", maxRetries: Number(tries) };
  const name = NAMES.find((each) => each === text);
  if (name === undefined)
    throw new InvalidValue(
      `expected "no", "always", "on-failure", "on-failure:N" or "unless-stopped", got "${text}"${didYouMean(text, NAMES)}`,
    );
  return { name };
}
