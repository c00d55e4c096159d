import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../error.ts";
import { syncFolder, writeJson } from "../host/durable.ts";

/** Docker's grammar for the names of volumes. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

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
    if (!NAME.test(name)) throw new GantryError("request.invalid", `"${name}" is not a volume's name`);
    return join(this.#folder, name, "data");
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
