import { segment, type Client } from "../client.ts";
import type { Context } from "../context.ts";
import { connect } from "../daemon-start.ts";
import { interruptible } from "../interrupt.ts";
import { reportError } from "../report-error.ts";

/** `gantry wait CONTAINER...`: prints the exit status of each once it ends, in the order of the words. */
export async function wait(context: Context, containers: readonly string[]): Promise<number> {
  const client = await connect(context);
  return interruptible(context, undefined, async (signal) => {
    const ends = containers.map((container) => exitOf(client, container, signal));
    // Each is awaited below; until its turn comes a failure is not unhandled.
    for (const end of ends) end.catch(() => undefined);
    let failed = 0;
    for (const end of ends)
      try {
        context.stdout.write(`${await end}\n`);
      } catch (error) {
        if (signal.aborted) throw error;
        reportError(context, error);
        failed = 1;
      }
    return failed;
  });
}

/** The status a container ends with. */
export async function exitOf(client: Client, container: string, signal: AbortSignal): Promise<number> {
  const path = `/containers/${segment(container)}/wait`;
  const { StatusCode } = await client.json<{ readonly StatusCode: number }>("POST", path, { signal });
  return StatusCode;
}
