import { lstat, mkdir, chmod, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { GantryError } from "../error.ts";
import { errnoOf } from "../host/errno.ts";
import { Serial } from "../host/serial.ts";
import { archive } from "../image/archive.ts";
import { unpack } from "../image/unpack.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import type { Volumes } from "../runtime/volumes.ts";

/**
 * What a new volume holds: the image's files at the place where it is first mounted, as docker does it. A volume gets
 * them once and whole: beside its folder first, then in its place, which only works while that is empty.
 */
export class VolumeContent {
  readonly #volumes: Volumes;
  readonly #root: string;
  readonly #programs: { readonly archiver: string; readonly applier: string };
  readonly #serial = new Serial();

  constructor(
    volumes: Volumes,
    root: string,
    programs: { readonly archiver: string; readonly applier: string },
  ) {
    this.#volumes = volumes;
    this.#root = root;
    this.#programs = programs;
  }

  /** Fills the container's volumes that are new. `layers` are the image's folders, topmost first. */
  async fill({ config }: ContainerRecord, layers: readonly string[]): Promise<void> {
    for (const mount of config.mounts) {
      if (mount.type !== "volume" || mount.source === undefined || mount.noCopy === true) continue;
      const { source: name, target } = mount;
      await this.#serial.run(name, () => this.#fillOne(name, layers, target));
    }
  }

  async #fillOne(name: string, layers: readonly string[], target: string): Promise<void> {
    const data = this.#volumes.data(name);
    const settled = join(dirname(data), "settled");
    if (await exists(settled)) return;
    if ((await readdir(data)).length === 0 && (await mayHold(layers, target)))
      await this.#copy(layers, target, data);
    // Only saves the next start the look: what is lost with a crash is decided again, the same way.
    await writeFile(settled, "");
  }

  async #copy(layers: readonly string[], target: string, data: string): Promise<void> {
    const filling = join(dirname(data), "filling");
    await rm(filling, { recursive: true, force: true });
    await mkdir(filling);
    await chmod(filling, 0o755); // whatever the umask; the image's own folder says more
    const { archiver, applier } = this.#programs;
    const folders = layers.map((layer) => relative(this.#root, layer));
    const body = archive({ folders }, { archiver, cwd: this.#root, path: `${target}/.` });
    try {
      await unpack(body, { applier, folder: filling });
      await rename(filling, data);
    } catch (error) {
      await rm(filling, { recursive: true, force: true });
      const nothingThere = error instanceof GantryError && error.code === "path.not-found";
      if (!nothingThere && errnoOf(error) !== "ENOTEMPTY") throw error;
    }
  }
}

/** Whether a layer can have something at the path: a link on the way may lead to it. */
async function mayHold(layers: readonly string[], path: string): Promise<boolean> {
  for (const layer of layers) {
    let at = layer;
    let there = true;
    for (const part of path.split("/").filter((one) => one !== "")) {
      at = join(at, part);
      const found = await lstat(at).catch(() => undefined);
      if (found?.isSymbolicLink() === true) return true;
      there = found?.isDirectory() === true;
      if (!there) break;
    }
    if (there) return true;
  }
  return false;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
