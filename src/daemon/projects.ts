import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readJson, syncFolder, writeJson } from "../host/durable.ts";
import type { Setbacks } from "../reconcile/setback.ts";
import type { Project } from "../spec/project.ts";
import { History } from "./history.ts";

/** What was asked for, as acknowledged: durable before anything is done about it. */
export interface StoredProject {
  readonly project: Project;
  /** Temporary replica counts by service, until the next apply. */
  readonly replicas: Readonly<Record<string, number>>;
  /** Services stopped by hand. */
  readonly stopped: readonly string[];
  /** Of the history; absent in what a version without one wrote. */
  readonly revision?: number;
  /** Ids of images, by service, whatever their names stand for by now: an undo. */
  readonly pins?: Readonly<Record<string, string>>;
  /** The revision that this brought back. */
  readonly restores?: number;
  /** Services whose new replicas did not become ready. */
  readonly setbacks?: Setbacks;
  /** How often a replica's replacement failed since the last apply: `web.1`. */
  readonly attempts?: Readonly<Record<string, number>>;
  /** Set while the project is being taken down, so that a crash does not bring it back. */
  readonly leaving?: { readonly volumes: boolean };
}

/** Desired state on disk: `<root>/projects/<name>.json`. */
export class ProjectStore {
  /** What was applied before; it goes with the project. */
  readonly history: History;
  readonly #folder: string;
  readonly #byName = new Map<string, StoredProject>();

  private constructor(folder: string, history: History) {
    this.#folder = folder;
    this.history = history;
  }

  static async open(root: string): Promise<ProjectStore> {
    const folder = join(root, "projects");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const store = new ProjectStore(folder, await History.open(root));
    for (const file of (await readdir(folder)).sort()) {
      if (!file.endsWith(".json")) {
        await rm(join(folder, file), { force: true }); // a write that was cut off
        continue;
      }
      const stored = (await readJson(join(folder, file))) as StoredProject;
      store.#byName.set(stored.project.name, stored);
    }
    await store.history.keepOnly(new Set(store.#byName.keys()));
    return store;
  }

  get(name: string): StoredProject | undefined {
    return this.#byName.get(name);
  }

  /** Sorted by name. */
  list(): readonly StoredProject[] {
    return [...this.#byName.values()].sort((a, b) => (a.project.name < b.project.name ? -1 : 1));
  }

  /** Durable once this resolves. */
  async put(stored: StoredProject): Promise<void> {
    const { name } = stored.project;
    await writeJson(join(this.#folder, `${name}.json`), stored);
    this.#byName.set(name, stored);
  }

  async remove(name: string): Promise<void> {
    this.#byName.delete(name);
    await rm(join(this.#folder, `${name}.json`), { force: true });
    await syncFolder(this.#folder);
    await this.history.forget(name);
  }
}
