import { GantryError } from "../error.ts";
import { answerError } from "./client-error.ts";
import type { Context } from "./context.ts";

/** How a build is shown: docker's lines as they are sent, or their texts. */
export const PROGRESS = ["auto", "plain", "json"] as const;
export type Progress = (typeof PROGRESS)[number];

/** A line of docker's stream of a build, with what gantry adds to an error. */
interface BuildLine {
  readonly stream?: string;
  readonly aux?: { readonly ID?: string };
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string; readonly code?: unknown };
}

/** Shows a build to its end; resolves with the image's id. Throws the error that ended it. */
export async function followBuild(
  context: Pick<Context, "stdout">,
  lines: AsyncIterable<BuildLine>,
  { progress, quiet }: { readonly progress: Progress; readonly quiet: boolean },
): Promise<string> {
  let id: string | undefined;
  for await (const line of lines) {
    const { stream, aux, error, errorDetail } = line;
    if (progress === "json") context.stdout.write(`${JSON.stringify(line)}\n`);
    if (error !== undefined) {
      const { code: _, ...detail } = (errorDetail ?? { message: error }) as Record<string, unknown>;
      throw answerError(500, JSON.stringify({ ...detail, code: codeOf(errorDetail) }));
    }
    if (aux?.ID !== undefined) id = aux.ID;
    if (stream !== undefined && progress !== "json" && !quiet) context.stdout.write(stream);
  }
  if (id === undefined) throw new GantryError("daemon.unreachable", "the build broke off");
  if (quiet) context.stdout.write(`${id}\n`);
  return id;
}

/** Docker has the command's exit status in the place of a code. */
function codeOf(detail: { readonly code?: unknown } | undefined): unknown {
  const code = detail?.code;
  return typeof code === "number" ? "build.failed" : code;
}
