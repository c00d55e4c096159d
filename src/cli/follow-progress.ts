import { GantryError } from "../error.ts";
import type { Progress } from "../daemon/protocol.ts";
import type { Context } from "./context.ts";
import { answerError } from "./client-error.ts";
import { doneText } from "./progress.ts";
import { progressView } from "./progress-view.ts";
import { printable } from "./table.ts";

export interface FollowOptions {
  /** Print the plan's lines before the steps. */
  readonly plan?: boolean;
}

/**
 * Shows a progress stream to its end. Returns how much was changed.
 * Throws the GantryError of an `error` line, and `daemon.unreachable` when the stream ends without a last word.
 */
export async function followProgress(
  context: Pick<Context, "stdout" | "stderr">,
  stream: AsyncIterable<Progress>,
  options: FollowOptions = {},
): Promise<number> {
  const view = progressView(context.stdout);
  for await (const line of stream) {
    switch (line.type) {
      case "plan":
        if (options.plan === true && line.steps > 0) view.note(line.text.trimEnd());
        break;
      case "step":
        view.step(line);
        break;
      case "warning":
        context.stderr.write(`warning: ${printable(line.message)}\n`);
        break;
      case "done":
        view.note(doneText(line));
        return line.changed;
      case "error":
        throw answerError(500, JSON.stringify(line.error));
    }
  }
  throw new GantryError("daemon.unreachable", "the daemon went away before it was done", {
    next: "run the command again: what was begun is picked up where it stood",
  });
}
