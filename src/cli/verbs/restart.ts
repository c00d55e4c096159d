import type { Context } from "../context.ts";
import { lifecycle, type LifecycleOptions } from "../lifecycle.ts";

/** `gantry restart`: stop, then start. */
export function restart(
  context: Context,
  words: readonly string[],
  options: LifecycleOptions,
): Promise<number> {
  return lifecycle(context, "restart", words, options);
}
