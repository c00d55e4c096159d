import type { Context } from "../context.ts";
import { lifecycle, type LifecycleOptions } from "../lifecycle.ts";

/** `gantry stop`: stopped by hand, so the restart policy rests until start or apply. */
export function stop(context: Context, words: readonly string[], options: LifecycleOptions): Promise<number> {
  return lifecycle(context, "stop", words, options);
}
