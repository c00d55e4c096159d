import { GantryError } from "../error.ts";

/** What to do about a removal that was asked for. */
export interface Removal {
  /** References to take away. */
  readonly untag: readonly string[];
  /** Whether the image itself goes too. */
  readonly delete: boolean;
}

/**
 * Decides what removing an image means, as `docker rmi` does: a name takes itself away, and the image with it when it
 * was the last; an id takes the image. An image in use stays, but `force` takes its names. Throws image.in-use, and
 * conflict for an id with several names.
 */
export function decideRemoval(asked: {
  readonly id: string;
  /** The name that was asked for; undefined when it was an id. */
  readonly name: string | undefined;
  readonly references: readonly string[];
  readonly force: boolean;
  /** How many containers were made from it. */
  readonly users: number;
}): Removal {
  const { id, name, references, force, users } = asked;
  if (name !== undefined && references.some((reference) => reference !== name))
    return { untag: [name], delete: false };
  if (users > 0 && !force) {
    throw new GantryError(
      "image.in-use",
      `${name ?? id} is used by ${users} container${users === 1 ? "" : "s"}`,
      {
        next: "remove those first (gantry ps -a lists them), or take only the name away with --force",
      },
    );
  }
  if (name === undefined && references.length > 1 && !force) {
    throw new GantryError("conflict", `${id} has ${references.length} names: ${references.join(", ")}`, {
      next: "remove by name, or all of them with --force",
    });
  }
  return { untag: references, delete: users === 0 };
}
