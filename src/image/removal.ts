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
 * was the last; an id takes the image. The digests under which a registry has the image go with the last tag that leads
 * there. An image in use stays, but `force` takes its names. Throws image.in-use, and conflict for an id with several
 * names.
 */
export function decideRemoval(asked: {
  readonly id: string;
  /** The name that was asked for; undefined when it was an id. */
  readonly name: string | undefined;
  /** Tags and digests. */
  readonly references: readonly string[];
  readonly force: boolean;
  /** How many containers were made from it. */
  readonly users: number;
  /** What else it is kept for, in words: removed all the same with `force`. */
  readonly pinned?: string | undefined;
}): Removal {
  const { id, name, references, force, users, pinned } = asked;
  const untag = name === undefined ? references : takenWith(name, references);
  if (untag.length < references.length) return { untag, delete: false };
  if (users > 0 && !force) {
    throw new GantryError(
      "image.in-use",
      `${name ?? id} is used by ${users} container${users === 1 ? "" : "s"}`,
      {
        next: "remove those first (gantry ps -a lists them), or take only the name away with --force",
      },
    );
  }
  if (pinned !== undefined && !force) {
    throw new GantryError("image.in-use", `${name ?? id} is kept for ${pinned}`, {
      next: "with --force it goes, and that revision can only be brought back once the image is here again",
    });
  }
  const names = references.filter((reference) => !isDigest(reference));
  if (name === undefined && names.length > 1 && !force) {
    throw new GantryError("conflict", `${id} has ${names.length} names: ${names.join(", ")}`, {
      next: "remove by name, or all of them with --force",
    });
  }
  return { untag, delete: users === 0 };
}

/** A name, and the digests of its repository when no other tag of that is left. */
function takenWith(name: string, references: readonly string[]): readonly string[] {
  const same = references.filter((reference) => repositoryOf(reference) === repositoryOf(name));
  const others = same.some((reference) => reference !== name && !isDigest(reference));
  return others || isDigest(name) ? [name] : [name, ...same.filter(isDigest)];
}

function isDigest(reference: string): boolean {
  return reference.includes("@");
}

/** `registry:5000/web` of `registry:5000/web:1`. */
function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, "").replace(/:[^:/]*$/, "");
}
