import type { Context } from "../context.ts";
import { lifecycle, type LifecycleOptions } from "../lifecycle.ts";

/** `gantry start`: what was stopped runs again. */
export function start(
  context: Context,
  words: readonly string[],
  options: LifecycleOptions,
): Promise<number> {
  return lifecycle(context, "start", words, options);
}
