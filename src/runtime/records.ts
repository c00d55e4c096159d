import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readJson, writeJson } from "../host/durable.ts";
import type { ContainerRecord } from "./container.ts";

const RECORD = /^([0-9a-f]{64})\.json$/;

/**
 * The durable records of all containers: `<root>/containers/<id>.json`, beside the folder `<id>` with the writable layer
 * and the log. The daemon is the only writer, so what was read once at start is kept in memory.
 */
export class Records {
  readonly #folder: string;
  readonly #byId = new Map<string, ContainerRecord>();
  readonly #idBases = new Set<number>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads every record. What lies beside them is what a crash left of containers that nobody was promised. */
  static async open(
    root: string,
  ): Promise<{ readonly records: Records; readonly leftovers: readonly string[] }> {
    const folder = join(root, "containers");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const records = new Records(folder);
    const names = await readdir(folder);
    for (const name of names) {
      const id = RECORD.exec(name)?.[1];
      const record = id === undefined ? undefined : await readJson(join(folder, name)).catch(() => undefined);
      if (id !== undefined && isRecord(record, id)) records.#keep(record);
    }
    const leftovers = names.filter((name) => !records.#byId.has(name.replace(/\.json$/, "")));
    return { records, leftovers };
  }

  get(id: string): ContainerRecord | undefined {
    return this.#byId.get(id);
  }

  list(): readonly ContainerRecord[] {
    return [...this.#byId.values()];
  }

  /** First ids of the ranges that containers have. */
  idBases(): ReadonlySet<number> {
    return this.#idBases;
  }

  /** Folder of the writable layer and the log; the first start makes it. */
  folder(id: string): string {
    return join(this.#folder, id);
  }

  /** Adds or replaces a record; it is durable once this resolves, and visible at once. */
  async put(record: ContainerRecord): Promise<void> {
    this.#keep(record);
    await writeJson(join(this.#folder, `${record.id}.json`), record);
  }

  /** Removes record, writable layer and log. The record goes first: what is left then is swept at the next start. */
  async remove(id: string): Promise<void> {
    const { idBase } = this.#byId.get(id) ?? {};
    if (idBase !== undefined) this.#idBases.delete(idBase);
    this.#byId.delete(id);
    await this.removeLeftover(`${id}.json`);
    await this.removeLeftover(id);
  }

  #keep(record: ContainerRecord): void {
    this.#byId.set(record.id, record);
    if (record.idBase !== undefined) this.#idBases.add(record.idBase);
  }

  /** Removes something that lies beside the records. */
  async removeLeftover(name: string): Promise<void> {
    await rm(join(this.#folder, name), { recursive: true, force: true });
  }
}

function isRecord(value: unknown, id: string): value is ContainerRecord {
  return typeof value === "object" && value !== null && (value as { id?: unknown }).id === id;
}
