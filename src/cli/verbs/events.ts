import { GantryError } from "../../error.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { filters, type EventMessage } from "../docker.ts";
import { interruptible } from "../interrupt.ts";
import { printable } from "../table.ts";
import { writeAll } from "../write-all.ts";

export interface EventsOptions {
  /** `type=container`, `event=die`, `container=web-1`, `label=key=value`. */
  readonly filter?: readonly string[];
  readonly output: "table" | "json";
}

/** `gantry events`: what happens, as it happens, until ctrl-C. */
export async function events(context: Context, options: EventsOptions): Promise<number> {
  const wanted = parseFilters(options.filter ?? []);
  const client = await connect(context);
  return interruptible(context, undefined, async (signal) => {
    const query = Object.keys(wanted).length === 0 ? {} : { filters: filters(wanted) };
    for await (const event of client.lines<EventMessage>("GET", "/events", { query, signal }))
      await writeAll(
        context.stdout,
        `${options.output === "json" ? JSON.stringify(event) : eventText(event)}\n`,
      );
    throw new GantryError("daemon.unreachable", "the daemon went away");
  });
}

/** `2026-11-24T02:44:07.123Z container start 0123… (image=host, name=web-1)`. */
export function eventText({ Type, Action, Actor, timeNano }: EventMessage): string {
  const attributes = Object.entries(Actor.Attributes)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
  const time = new Date(timeNano / 1e6).toISOString();
  return printable(`${time} ${Type} ${Action} ${Actor.ID} (${attributes})`);
}

/** Filters by name. Throws GantryError `request.invalid` for a word without `=`. */
export function parseFilters(words: readonly string[]): Record<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const word of words) {
    const [, key, value] = /^([a-z]+)=(.+)$/s.exec(word) ?? [];
    if (key === undefined || value === undefined)
      throw new GantryError("request.invalid", `"${word}" is not KEY=VALUE`, {
        next: "try: --filter event=die",
      });
    found.set(key, [...(found.get(key) ?? []), value]);
  }
  return Object.fromEntries(found);
}
