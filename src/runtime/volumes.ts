import { chmod, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../error.ts";
import { readJson, syncFolder, writeJson } from "../host/durable.ts";

/** Docker's grammar for the names of volumes. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const LONGEST_NAME = 255;

export interface Volume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** Absolute folder that containers see. */
  readonly data: string;
}

/** Named volumes: `<root>/volumes/<name>/data`, with `volume.json` beside it. Removed only when somebody says so. */
export class Volumes {
  readonly #folder: string;

  constructor(root: string) {
    this.#folder = join(root, "volumes");
  }

  async list(): Promise<readonly string[]> {
    return (await readdir(this.#folder).catch(() => [])).filter((name) => NAME.test(name)).sort();
  }

  /** The folder that containers see. Throws request.invalid for a name that is none. */
  data(name: string): string {
    if (!NAME.test(name) || name.length > LONGEST_NAME)
      throw new GantryError("request.invalid", `"${name}" is not a volume's name`, {
        next: "letters, digits, and after the first also _ . and -",
      });
    return join(this.#folder, name, "data");
  }

  /** Undefined where there is none of this name. */
  async find(name: string): Promise<Volume | undefined> {
    const data = this.data(name);
    const made = await stat(data).catch(() => undefined);
    if (made === undefined) return undefined;
    // The folder is made first: one that a crash left without its record is a volume without labels.
    const record = await readJson(join(this.#folder, name, "volume.json")).catch(() => undefined);
    const { labels = {} } = (record ?? {}) as { readonly labels?: Readonly<Record<string, string>> };
    return { name, labels, createdAt: made.birthtimeMs, data };
  }

  /** Makes a volume; one that exists is left as it is. */
  async ensure(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const data = this.data(name);
    await mkdir(this.#folder, { recursive: true, mode: 0o711 });
    if ((await mkdir(data, { recursive: true })) === undefined) return;
    await chmod(data, 0o755); // for every user inside, whatever the daemon's umask
    await writeJson(join(this.#folder, name, "volume.json"), { name, labels });
    await syncFolder(this.#folder);
  }

  async remove(name: string): Promise<void> {
    this.data(name);
    await rm(join(this.#folder, name), { recursive: true, force: true });
  }
}
