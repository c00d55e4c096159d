import { isDeepStrictEqual } from "node:util";
import { GantryError } from "../error.ts";
import type { ImageStore } from "../image/store.ts";
import { own } from "../reconcile/own.ts";
import { compareRevisions, type RevisionContent } from "../reconcile/revisions.ts";
import type { Project } from "../spec/project.ts";
import type { ProjectStore, StoredProject } from "./projects.ts";
import { beforeOf, type Revision, type RevisionImage } from "./revision.ts";

/** Turns what is applied into revisions, and revisions into what is applied. */
export class Revisions {
  readonly #store: ProjectStore;
  readonly #images: Pick<ImageStore, "resolve" | "get">;

  constructor(store: ProjectStore, images: Pick<ImageStore, "resolve" | "get">) {
    this.#store = store;
    this.#images = images;
  }

  /** What a project that comes in is to be stored as: under a new number, unless it says what is there already. */
  numbered(project: Project): StoredProject {
    const { history } = this.#store;
    const known = this.#store.get(project.name);
    const same =
      known?.revision !== undefined &&
      known.leaving === undefined &&
      known.pins === undefined &&
      isDeepStrictEqual(known.project, project);
    const revision = same ? known.revision : history.next(project.name);
    return { project, replicas: {}, stopped: [], revision };
  }

  /**
   * What brings a revision back, with the images it had. `number` undefined: the one before. Throws revision.not-found, and
   * image.not-found when an image of it was removed.
   */
  async restored(stored: StoredProject, number: number | undefined): Promise<StoredProject> {
    const { history } = this.#store;
    const { name } = stored.project;
    const wanted = number ?? beforeOf(history.list(name), stored.revision)?.number;
    if (wanted === undefined)
      throw new GantryError("revision.not-found", `project ${name} has no earlier revision to go back to`, {
        next: `gantry history -p ${name} lists what there is`,
      });
    const { project, images, number: found, restores } = await history.get(name, wanted);
    for (const [service, { id, digest }] of Object.entries(images)) {
      if ((await this.#images.get(id)) !== undefined) continue;
      const image = own(project.services, service)?.image ?? id;
      throw new GantryError(
        "image.not-found",
        `image ${image} as service ${service} had it in revision ${found} (${id.slice(0, 19)}) is not on this machine any more`,
        { next: digest === undefined ? `build or load it again` : `gantry pull ${digest}` },
      );
    }
    const revision = history.next(name);
    return { project, replicas: {}, stopped: [], revision, pins: idsOf(images), restores: restores ?? found };
  }

  /** The lines that lie between two revisions. Throws revision.not-found. */
  async compare(name: string, from: number, to: number): Promise<readonly string[]> {
    const { history } = this.#store;
    return compareRevisions(content(await history.get(name, from)), content(await history.get(name, to)));
  }

  /**
   * Keeps what is stored of a project as a revision, or what was not known of it yet: images that were pulled meanwhile.
   * Where a name stands for another image than before, that is a revision of its own.
   */
  async remember(name: string): Promise<void> {
    const stored = this.#store.get(name);
    if (stored === undefined || stored.leaving !== undefined) return;
    const { history } = this.#store;
    const images = await this.#imagesOf(stored);
    const known = history.list(name).find(({ number }) => number === stored.revision);
    if (known === undefined) {
      const number = stored.revision ?? history.next(name);
      await this.#keep(stored, number, images);
      if (stored.revision === undefined) await this.#store.put({ ...stored, revision: number });
      return;
    }
    const moved = Object.entries(images).some(
      ([service, { id }]) => (own(known.images, service)?.id ?? id) !== id,
    );
    if (moved) {
      const number = history.next(name);
      const { restores: _, ...rest } = stored;
      await this.#keep(rest, number, images);
      await this.#store.put({ ...rest, revision: number });
    } else if (Object.keys(images).some((service) => !Object.hasOwn(known.images, service))) {
      const revision = await history.get(name, known.number);
      await history.put({ ...revision, images: { ...images, ...revision.images } });
    }
  }

  async #keep(
    { project, restores }: StoredProject,
    number: number,
    images: Revision["images"],
  ): Promise<void> {
    const { history } = this.#store;
    const last = history.list(project.name).at(-1);
    const before = last === undefined ? undefined : content(await history.get(project.name, last.number));
    const after = { project, images: idsOf(images) };
    await history.put({
      number,
      appliedAt: Date.now(),
      project,
      images,
      ...(restores === undefined ? {} : { restores }),
      changes: before === undefined ? ["first applied"] : compareRevisions(before, after),
    });
  }

  /** Asked once for each name, of those that can be resolved. */
  async #imagesOf({ project, pins = {} }: StoredProject): Promise<Record<string, RevisionImage>> {
    const known = new Map<string, RevisionImage | undefined>();
    const found: Record<string, RevisionImage> = {};
    for (const [service, { image }] of Object.entries(project.services)) {
      const reference = own(pins, service) ?? image;
      if (!known.has(reference)) {
        const one = await this.#images.resolve(reference);
        const digest = one?.digests[0];
        known.set(
          reference,
          one === undefined ? undefined : { id: one.id, ...(digest === undefined ? {} : { digest }) },
        );
      }
      const one = known.get(reference);
      if (one !== undefined) found[service] = one;
    }
    return found;
  }
}

function content({ project, images }: Revision): RevisionContent {
  return { project, images: idsOf(images) };
}

function idsOf(images: Revision["images"]): Record<string, string> {
  return Object.fromEntries(Object.entries(images).map(([service, { id }]) => [service, id]));
}
