import type { HealthcheckJson } from "../../image/configuration.ts";
import { readDuration } from "../../spec/duration.ts";
import { fault, type Instruction } from "./instruction.ts";

const TIMES: Readonly<Record<string, keyof HealthcheckJson>> = {
  interval: "Interval",
  timeout: "Timeout",
  "start-period": "StartPeriod",
  "start-interval": "StartInterval",
};
const NS_PER_MS = 1e6;

/** HEALTHCHECK NONE, or HEALTHCHECK [flags] CMD command. Throws spec.invalid. */
export function readHealthcheck({ rest, flags, place }: Instruction): HealthcheckJson {
  const [, kind = "", command = ""] = /^(\S+)\s*([^]*)$/.exec(rest) ?? [];
  if (kind.toUpperCase() === "NONE") {
    if (command !== "" || flags.length > 0) throw fault(place, "HEALTHCHECK NONE takes nothing else");
    return { Test: ["NONE"] };
  }
  if (kind.toUpperCase() !== "CMD")
    throw fault(place, `HEALTHCHECK is followed by CMD or NONE, not ${kind === "" ? "nothing" : kind}`);
  if (command === "") throw fault(place, "HEALTHCHECK CMD needs a command");
  const given = flags.map(({ name, value }) => {
    const key = TIMES[name];
    return key === undefined ? ["Retries", retries(value)] : [key, nanoseconds(name, value)];
  });
  const words = jsonCommand(command);
  const test = words === undefined ? ["CMD-SHELL", command] : ["CMD", ...words];
  return { Test: test, ...(Object.fromEntries(given) as Partial<HealthcheckJson>) };

  function nanoseconds(name: string, value: string): number {
    try {
      const ms = readDuration(value);
      if (ms === 0 || ms >= 1) return Math.round(ms * NS_PER_MS);
    } catch {
      // Told below, in the words of this file.
    }
    throw fault(place, `--${name} is a duration of at least a millisecond, such as 30s, not ${value}`);
  }

  function retries(value: string): number {
    if (!/^\d{1,9}$/.test(value)) throw fault(place, `--retries is a number, not ${value}`);
    return Number(value);
  }
}

function jsonCommand(text: string): readonly string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((item): item is string => typeof item === "string")) return value;
  } catch {
    // A shell's [.
  }
  return undefined;
}
