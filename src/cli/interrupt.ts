import { isAbort, say, type Context } from "./context.ts";

/** The status of a shell's command that ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * Runs work that ctrl-C (or SIGTERM) only stops waiting for: its signal aborts, `notice` is said, and the status is 130.
 * Anything the work throws because of the abort is not an error.
 */
export async function interruptible(
  context: Context,
  notice: string | undefined,
  work: (signal: AbortSignal) => Promise<number>,
  status: number = INTERRUPTED,
): Promise<number> {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    const result = await work(abort.signal);
    if (!abort.signal.aborted) return result;
  } catch (error) {
    if (!abort.signal.aborted || !isAbort(error)) throw error;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
  if (notice !== undefined) say(context, notice);
  return status;
}
