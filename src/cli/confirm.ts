import { createInterface } from "node:readline/promises";
import { GantryError } from "../error.ts";
import type { Context } from "./context.ts";

/** Asks on the terminal; anything but yes is no. Throws request.invalid where there is nobody to ask. */
export async function confirmed({ stdin }: Pick<Context, "stdin">, what: string): Promise<boolean> {
  if (!stdin.isTTY)
    throw new GantryError("request.invalid", "there is nobody to ask", { next: "add --force" });
  const lines = createInterface({ input: stdin, output: process.stderr });
  try {
    return /^y(?:es)?$/i.test((await lines.question(`${what} Are you sure? [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
