import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../error.ts";
import { readJson, syncFolder, writeJson } from "../host/durable.ts";
import { contentsOf } from "./sealed-projects.ts";
import { type Revision, type RevisionSummary, summaryOf } from "./revision.ts";

/** So many revisions of a project are kept, the one that runs among them. */
const KEPT = 10;
const FILE = /^([1-9][0-9]{0,8})\.json$/;

interface Entry extends RevisionSummary {
  /** Names of the sealed contents it refers to. */
  readonly contents: readonly string[];
}

/** The revisions of every project on disk: `<root>/history/<project>/<number>.json`. */
export class History {
  readonly #folder: string;
  /** By project, oldest first. */
  readonly #entries = new Map<string, readonly Entry[]>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(root: string): Promise<History> {
    const history = new History(join(root, "history"));
    await mkdir(history.#folder, { recursive: true, mode: 0o700 });
    for (const project of await readdir(history.#folder)) await history.#read(project);
    return history;
  }

  /** Oldest first. */
  list(project: string): readonly RevisionSummary[] {
    return this.#of(project);
  }

  /** Throws revision.not-found. */
  async get(project: string, number: number): Promise<Revision> {
    const known = this.list(project);
    if (known.some((entry) => entry.number === number)) {
      const found = await readJson(this.#path(project, number));
      if (found !== undefined) return found as Revision;
    }
    const numbers = known.map((entry) => entry.number).join(", ");
    throw new GantryError("revision.not-found", `project ${project} has no revision ${number}`, {
      next: numbers === "" ? "gantry apply" : `those that are kept: ${numbers} (gantry history)`,
    });
  }

  /** The number the next new revision gets. */
  next(project: string): number {
    return (this.list(project).at(-1)?.number ?? 0) + 1;
  }

  /** Keeps a revision, new or changed; durable once this resolves. The oldest go when there are too many. */
  async put(revision: Revision): Promise<void> {
    const { name } = revision.project;
    const folder = join(this.#folder, name);
    if (!this.#entries.has(name)) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await syncFolder(this.#folder);
    }
    await writeJson(this.#path(name, revision.number), revision);
    const others = this.#of(name).filter(({ number }) => number !== revision.number);
    const all = [...others, entryOf(revision)].sort((a, b) => a.number - b.number);
    const leaving = all.slice(0, Math.max(0, all.length - KEPT));
    this.#entries.set(name, all.slice(leaving.length));
    for (const { number } of leaving) await rm(this.#path(name, number), { force: true });
  }

  /** Forgets all of a project. */
  async forget(project: string): Promise<void> {
    if (!this.#entries.delete(project)) return;
    await rm(join(this.#folder, project), { recursive: true, force: true });
    await syncFolder(this.#folder);
  }

  /** Forgets what belongs to no project: a crash came between the two. */
  async keepOnly(projects: ReadonlySet<string>): Promise<void> {
    for (const project of this.#entries.keys()) if (!projects.has(project)) await this.forget(project);
  }

  /** What an image is kept for: `revision 3 of project shop`; undefined when for nothing. */
  pinOf(imageId: string): string | undefined {
    for (const [project, entries] of this.#entries)
      for (const { number, images } of entries)
        if (Object.values(images).some(({ id }) => id === imageId))
          return `revision ${number} of project ${project}`;
    return undefined;
  }

  /** The names of every sealed content that a revision refers to. */
  contents(): readonly string[] {
    return [...this.#entries.values()].flatMap((entries) => entries.flatMap(({ contents }) => contents));
  }

  #of(project: string): readonly Entry[] {
    return this.#entries.get(project) ?? [];
  }

  async #read(project: string): Promise<void> {
    const folder = join(this.#folder, project);
    const entries: Entry[] = [];
    for (const file of await readdir(folder).catch(() => [])) {
      const number = FILE.exec(file)?.[1];
      if (number === undefined)
        await rm(join(folder, file), { force: true }); // a write that was cut off
      else entries.push(entryOf((await readJson(join(folder, file))) as Revision));
    }
    this.#entries.set(
      project,
      entries.sort((a, b) => a.number - b.number),
    );
  }

  #path(project: string, number: number): string {
    return join(this.#folder, project, `${number}.json`);
  }
}

function entryOf(revision: Revision): Entry {
  return { ...summaryOf(revision), contents: [...contentsOf([revision.project])] };
}
