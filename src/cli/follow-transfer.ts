import { answerError } from "./client-error.ts";
import type { Context } from "./context.ts";
import { humanBytes } from "./human.ts";
import { progressView } from "./progress-view.ts";
import { printable } from "./table.ts";

/** A line of docker's progress stream, with what gantry adds to an error. */
export interface TransferLine {
  readonly status?: string;
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
  readonly stream?: string;
}

/** After these nothing more is to come of a layer. */
const OVER = /^(?:Pull complete|Already exists|Pushed|Layer already exists|Mounted from )/;

/** Shows a pull, push, save or load to its end. Throws the error that ended it. */
export async function followTransfer(
  context: Pick<Context, "stdout">,
  lines: AsyncIterable<TransferLine>,
  options: { readonly quiet: boolean },
): Promise<void> {
  const view = progressView(context.stdout);
  for await (const { status, id, progressDetail, error, errorDetail, stream } of lines) {
    if (error !== undefined) throw answerError(500, JSON.stringify(errorDetail ?? { message: error }));
    if (stream !== undefined) view.note(printable(stream.trimEnd()));
    if (status === undefined || options.quiet) continue;
    const text = printable(status);
    if (id === undefined || !/^[0-9a-f]{12}$/.test(id))
      view.note(id === undefined ? text : `${printable(id)}: ${text}`);
    else {
      const { current, total } = progressDetail ?? {};
      const detail =
        current === undefined
          ? ""
          : `  ${humanBytes(current)}${total === undefined ? "" : `/${humanBytes(total)}`}`;
      view.line({
        key: id,
        subject: `${id}:`,
        state: OVER.test(text) ? "done" : "started",
        text: `${text}${detail}`,
      });
    }
  }
}
