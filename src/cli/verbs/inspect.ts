import { GantryError } from "../../error.ts";
import { segment, type Client } from "../client.ts";
import type { Context } from "../context.ts";
import { imagePath } from "../image-path.ts";
import { inspectEach, type InspectOptions } from "../inspect-each.ts";

/** `gantry inspect NAME...`: everything known of containers, else of images, as one array. Status 1 if any is unknown. */
export async function inspect(
  context: Context,
  names: readonly string[],
  options: InspectOptions,
): Promise<number> {
  return await inspectEach(context, names, options, inspectOne);
}

/** `gantry image inspect IMAGE...`. */
export async function inspectImages(
  context: Context,
  names: readonly string[],
  options: InspectOptions,
): Promise<number> {
  return await inspectEach(context, names, options, (client, name) =>
    client.json<unknown>("GET", imagePath(name, "json")),
  );
}

async function inspectOne(client: Client, name: string): Promise<unknown> {
  try {
    return await client.json<unknown>("GET", `/containers/${segment(name)}/json`);
  } catch (error) {
    if (!(error instanceof GantryError) || error.code !== "container.not-found") throw error;
  }
  try {
    return await client.json<unknown>("GET", imagePath(name, "json"));
  } catch (error) {
    if (error instanceof GantryError && error.code === "daemon.unreachable") throw error;
    throw new GantryError("container.not-found", `no container or image is called ${name}`, {
      next: "try: gantry ps -a",
      cause: error,
    });
  }
}
