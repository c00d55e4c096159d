import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { shortId, type ImageSummary } from "../docker.ts";
import { humanAge, humanBytes } from "../human.ts";
import { printList, type Format } from "../listing.ts";
import { splitReference } from "../reference.ts";

export interface ImagesOptions {
  /** Only the ids. */
  readonly quiet?: boolean;
  readonly output: Format;
  /** Docker's: a template, instead of `output`. */
  readonly format?: string;
}

/** `gantry images`: one row per reference, in docker's columns. */
export async function images(context: Context, options: ImagesOptions): Promise<number> {
  const client = await connect(context);
  const found = await client.json<readonly ImageSummary[]>("GET", "/images/json");
  if (options.quiet === true) {
    context.stdout.write(found.map(({ Id }) => `${shortId(Id)}\n`).join(""));
    return 0;
  }
  if (options.output !== "table" && options.format === undefined) {
    await printList(context, options.output, found, { heading: [], row: () => [] });
    return 0;
  }
  const now = Date.now();
  const rows = found.flatMap((image) => referencesOf(image).map((reference) => ({ image, reference })));
  if (options.format !== undefined) {
    const { printRows } = await import("../template/print.ts");
    const fields = rows.map(({ image, reference }) => {
      const { name, tag = "<none>" } = splitReference(reference);
      return {
        ID: shortId(image.Id),
        Repository: name,
        Tag: tag,
        CreatedSince: humanAge(image.Created * 1000, now),
        CreatedAt: new Date(image.Created * 1000).toISOString(),
        Size: humanBytes(image.Size),
      };
    });
    printRows(context, options.format, fields, {
      ID: "IMAGE ID",
      CreatedSince: "CREATED",
      CreatedAt: "CREATED AT",
    });
    return 0;
  }
  await printList(context, "table", rows, {
    heading: ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"],
    row: ({ image, reference }) => {
      const { name, tag } = splitReference(reference);
      return [
        name,
        tag ?? "<none>",
        shortId(image.Id),
        humanAge(image.Created * 1000, now),
        humanBytes(image.Size),
      ];
    },
  });
  return 0;
}

function referencesOf(image: ImageSummary): readonly string[] {
  return image.RepoTags === null || image.RepoTags.length === 0 ? ["<none>"] : image.RepoTags;
}
