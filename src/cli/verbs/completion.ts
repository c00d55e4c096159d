import type { Command } from "commander";
import { candidatesOf } from "../complete/candidates.ts";
import { SCRIPTS, type Shell } from "../complete/scripts.ts";
import type { Context } from "../context.ts";
import { printable } from "../table.ts";

/** `gantry completion SHELL`: what the shell needs to complete command lines of ours. */
export function completion(context: Context, shell: Shell): number {
  context.stdout.write(SCRIPTS[shell]);
  return 0;
}

/** `gantry __complete -- WORD...`: what the last word may become, for the shells' scripts. Starts nothing. */
export async function complete(
  context: Context,
  program: Command,
  words: readonly string[],
): Promise<number> {
  const { found, files } = await candidatesOf(program, words);
  const lines = found.map(({ text, description }) => `${printable(text)}\t${printable(description)}\n`);
  context.stdout.write(lines.join("") + (files ? ":files\n" : ""));
  return 0;
}
