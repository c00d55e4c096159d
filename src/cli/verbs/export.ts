import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { refuseTerminal, saveStream } from "../save-stream.ts";

export interface ExportOptions {
  /** A file; standard output when absent. */
  readonly output?: string;
}

/** `gantry export CONTAINER`: a tar of all its files, without volumes, which `import` takes. */
export async function exportContainer(
  context: Context,
  container: string,
  { output }: ExportOptions,
): Promise<number> {
  refuseTerminal(context, output);
  const client = await connect(context);
  await saveStream(context, client.stream("GET", `/containers/${segment(container)}/export`), output);
  return 0;
}
