import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { imagePath } from "../image-path.ts";
import { splitReference } from "../reference.ts";

/** `gantry tag IMAGE NAME[:TAG]`: a further name for an image. */
export async function tag(context: Context, image: string, reference: string): Promise<number> {
  const client = await connect(context);
  const { name, tag: tagged } = splitReference(reference);
  await client.text("POST", imagePath(image, "tag"), { query: { repo: name, tag: tagged } });
  return 0;
}
