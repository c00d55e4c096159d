import { readDuration } from "./duration.ts";
import type { PullPolicy } from "./project.ts";
import { InvalidValue } from "./report.ts";

const DAY_MS = 86_400_000;
const WORDS = "always, never, missing, build, daily, weekly or every_<duration>";

/** A pull_policy; undefined for the default, `missing`. Throws InvalidValue. */
export function readPullPolicy(text: string): PullPolicy | undefined {
  switch (text) {
    case "always":
    case "never":
    case "build":
      return text;
    case "missing":
    case "if_not_present":
      return undefined;
    case "daily":
      return DAY_MS;
    case "weekly":
      return 7 * DAY_MS;
    default:
      if (text.startsWith("every_")) return readEvery(text.slice("every_".length));
      throw new InvalidValue(`expected ${WORDS}, got "${text}"`);
  }
}

/** Durations here may have weeks and days as well. */
function readEvery(text: string): number {
  const [, weeks = "0", days = "0", rest = ""] = /^(?:(\d{1,3})w)?(?:(\d{1,4})d)?(.*)$/.exec(text) ?? [];
  const ms = (Number(weeks) * 7 + Number(days)) * DAY_MS + (rest === "" ? 0 : readDuration(rest));
  if (ms > 0) return ms;
  throw new InvalidValue(`expected a duration such as 12h or 3d after every_, got "${text}"`);
}
