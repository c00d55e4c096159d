import type { Context } from "./context.ts";
import { reportError } from "./report-error.ts";

/**
 * Does one thing to several objects at once, as docker does: prints the word of each that worked, reports each that did
 * not. Returns 0, or 1 if any failed.
 */
export async function eachOf(
  context: Pick<Context, "stdout" | "stderr" | "env">,
  words: readonly string[],
  action: (word: string) => Promise<unknown>,
): Promise<number> {
  let status = 0;
  await Promise.all(
    words.map(async (word) => {
      try {
        await action(word);
        context.stdout.write(`${word}\n`);
      } catch (error) {
        reportError(context, error);
        status = 1;
      }
    }),
  );
  return status;
}
