import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readJson, syncFolder, writeJson } from "../host/durable.ts";
import type { ContainerRecord } from "./container.ts";

/**
 * The durable records of all containers: `<root>/containers/<id>/record.json`, beside the writable layer and the log.
 * The daemon is the only writer, so what was read once at start is kept in memory.
 */
export class Records {
  readonly #folder: string;
  readonly #byId = new Map<string, ContainerRecord>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads every record; a folder without one is what a crash left of a container nobody was promised. */
  static async open(
    root: string,
  ): Promise<{ readonly records: Records; readonly leftovers: readonly string[] }> {
    const folder = join(root, "containers");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const records = new Records(folder);
    const leftovers: string[] = [];
    for (const id of await readdir(folder)) {
      const record = await readJson(join(folder, id, "record.json")).catch(() => undefined);
      if (isRecord(record, id)) records.#byId.set(id, record);
      else leftovers.push(id);
    }
    return { records, leftovers };
  }

  get(id: string): ContainerRecord | undefined {
    return this.#byId.get(id);
  }

  list(): readonly ContainerRecord[] {
    return [...this.#byId.values()];
  }

  /** Folder of the record, the writable layer and the log. */
  folder(id: string): string {
    return join(this.#folder, id);
  }

  /** Adds or replaces a record; it is durable once this resolves, and visible at once. */
  async put(record: ContainerRecord): Promise<void> {
    const isNew = !this.#byId.has(record.id);
    this.#byId.set(record.id, record);
    if (isNew) await mkdir(this.folder(record.id), { recursive: true, mode: 0o711 });
    await writeJson(join(this.folder(record.id), "record.json"), record);
    if (isNew) await syncFolder(this.#folder);
  }

  /** Removes record, writable layer and log. The record goes first: what is left then is swept at the next start. */
  async remove(id: string): Promise<void> {
    this.#byId.delete(id);
    await rm(join(this.folder(id), "record.json"), { force: true });
    await this.removeFolder(id);
  }

  async removeFolder(id: string): Promise<void> {
    await rm(this.folder(id), { recursive: true, force: true });
  }
}

function isRecord(value: unknown, id: string): value is ContainerRecord {
  return typeof value === "object" && value !== null && (value as { id?: unknown }).id === id;
}
