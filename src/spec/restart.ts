import { readDuration } from "./duration.ts";
import type { Path } from "./path.ts";
import type { RestartPolicy } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";
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

/** `deploy.restart_policy` of the file, once the schema has passed it. */
export interface RestartPolicyMap {
  readonly condition?: string;
  readonly delay?: string | number;
  readonly max_attempts?: Integer;
  readonly window?: string | number;
}

/** Compose's names; `any` is unless-stopped, as docker compose has it. */
const CONDITIONS: Readonly<Record<string, RestartPolicy["name"]>> = {
  none: "no",
  "on-failure": "on-failure",
  any: "unless-stopped",
};

/** Undefined where the file has none. */
export function readRestartPolicy(
  map: RestartPolicyMap | undefined,
  path: Path,
  report: Report,
): RestartPolicy | undefined {
  if (map === undefined) return undefined;
  const read = report.reader(path);
  const duration = (value: string | number): number => readDuration(String(value));
  const name = read(map.condition ?? "any", "condition", readCondition) ?? "no";
  const maxRetries = read(map.max_attempts, "max_attempts", (value) => readInteger(value, 0, 1_000_000));
  const delayMs = read(map.delay, "delay", duration);
  const windowMs = read(map.window, "window", duration);
  if (name === "no") return { name };
  return {
    name,
    // To swarm 0 means that there is no end to it, and no delay and no window of its own.
    ...(maxRetries ? { maxRetries } : {}),
    ...(delayMs ? { delayMs } : {}),
    ...(windowMs ? { windowMs } : {}),
  };
}

function readCondition(text: string): RestartPolicy["name"] {
  const name = Object.hasOwn(CONDITIONS, text) ? CONDITIONS[text] : undefined;
  if (name !== undefined) return name;
  const known = Object.keys(CONDITIONS);
  throw new InvalidValue(`expected none, on-failure or any, got "${text}"${didYouMean(text, known)}`);
}
