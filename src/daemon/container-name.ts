import { randomInt } from "node:crypto";
import { GantryError } from "../error.ts";

const QUALITIES =
  "able amber brisk bold bright calm clear clever cosy eager early fair fleet fond glad grand keen kind lucid merry neat noble proud quick quiet ready silver sleek solid spry stable steady sunny swift tidy trusty vivid warm wide wise";
const THINGS =
  "anchor barge beacon berth boom bow bridge bulk buoy cabin cable cargo chart compass crane crate deck derrick dock ferry hatch haven hoist hook jetty keel ladder lantern lighter mast mooring pallet pier pilot pulley quay rigging rudder sail sling tackle tug wharf winch yard";

/** Docker's grammar for the names of containers. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,199}$/;

/** A name for a container that was given none, which nobody has. */
export function inventName(isTaken: (name: string) => boolean): string {
  for (let tries = 0; ; tries++) {
    const more = tries < 8 ? "" : `_${randomInt(1_000_000_000)}`;
    const name = `${pick(QUALITIES)}_${pick(THINGS)}${more}`;
    if (!isTaken(name)) return name;
  }
}

/** Checks a name that was given, with or without docker's slash. Throws request.invalid. */
export function readContainerName(text: string): string {
  const name = text.replace(/^\//, "");
  if (NAME.test(name)) return name;
  throw new GantryError(
    "request.invalid",
    `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
  );
}

function pick(words: string): string {
  const list = words.split(" ");
  return list[randomInt(list.length)] ?? "";
}
