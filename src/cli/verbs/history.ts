import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { shortId } from "../docker.ts";
import { humanAge, humanBytes } from "../human.ts";
import { imagePath } from "../image-path.ts";
import { printList, type Format } from "../listing.ts";

/** Engine API, HistoryResponseItem. */
interface HistoryItem {
  readonly Id: string;
  /** Seconds since the epoch. */
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Size: number;
  readonly Comment: string;
}

export interface HistoryOptions {
  readonly output: Format;
  /** Do not shorten. */
  readonly trunc: boolean;
}

const WIDTH = 45;

/** `gantry history IMAGE`: how it was made, the last step first, in docker's columns. */
export async function history(context: Context, image: string, options: HistoryOptions): Promise<number> {
  const client = await connect(context);
  const steps = await client.json<readonly HistoryItem[]>("GET", imagePath(image, "history"));
  const now = Date.now();
  const cut = (text: string): string =>
    options.trunc && text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
  await printList(context, options.output, steps, {
    heading: ["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"],
    row: ({ Id, Created, CreatedBy, Size, Comment }) => [
      options.trunc ? shortId(Id) : Id,
      Created <= 0 ? "N/A" : humanAge(Created * 1000, now),
      cut(CreatedBy),
      humanBytes(Size),
      Comment,
    ],
  });
  return 0;
}
