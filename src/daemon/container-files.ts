import { chmod, chown, mkdir } from "node:fs/promises";
import { basename, dirname, join, posix, relative } from "node:path";
import { createGzip } from "node:zlib";
import { pipeline, Readable } from "node:stream";
import { launchImage } from "../apply/launch-image.ts";
import { committedConfiguration } from "../build/commit.ts";
import { GantryError } from "../error.ts";
import { archive, type ArchiveSource, type Change, listChanges } from "../image/archive.ts";
import type { Image } from "../image/image.ts";
import { givenName } from "../image/import.ts";
import type { ImageStore } from "../image/store.ts";
import { unpack } from "../image/unpack.ts";
import { commandLine } from "../runtime/command.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import { mountPoints } from "../runtime/places.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { committedConfig } from "./committed-config.ts";
import type { CommitOptions, WriteOptions } from "./engine.ts";
import { type PathStatus, statusOfFirst } from "./path-status.ts";

export interface FileOptions {
  readonly root: string;
  /** Path of gantry-archiver. */
  readonly archiver: string;
  /** Path of gantry-applier. */
  readonly applier: string;
  readonly runtime: Runtime;
  readonly images: ImageStore;
}

/** Layers of what people made by hand are small, and pushed seldom: speed counts for more than size. */
const FAST = { level: 1, chunkSize: 256 * 1024 };

/** What can be done with a container's files: its writable layer, and what the container itself sees. */
export class ContainerFiles {
  readonly #options: FileOptions;

  constructor(options: FileOptions) {
    this.#options = options;
  }

  /** What the writable layer changes of the image, sorted by path. */
  async changes(record: ContainerRecord): Promise<readonly Change[]> {
    const { archiver, root } = this.#options;
    return await listChanges(await this.#folders(record), { archiver, cwd: root });
  }

  /** An archive of all files, without what is mounted: volumes, /proc, /dev. */
  async export(record: ContainerRecord): Promise<AsyncIterable<Uint8Array>> {
    return archive(await this.#source(record), this.#how(record));
  }

  /** An archive of a file or folder as the container sees it, volumes included. */
  async read(record: ContainerRecord, path: string): Promise<AsyncIterable<Uint8Array>> {
    await this.#requireVisible(record, path);
    return archive(await this.#source(record), { ...this.#how(record), path });
  }

  /** What is at a path, itself and not what it may link to. path.not-found where there is nothing. */
  async status(record: ContainerRecord, path: string): Promise<PathStatus> {
    const { name, linkTarget, ...status } = await statusOfFirst(await this.read(record, path));
    return {
      ...status,
      name: name === "." ? basename(path) || "/" : name,
      linkTarget: linkTarget === "" ? "" : posix.resolve("/", dirname(path), linkTarget),
    };
  }

  /** Unpacks an archive (tar, plain or gzip) into a folder as the container sees it, under the container's ids. */
  async write(record: ContainerRecord, { path, keepKinds }: WriteOptions, body: AsyncIterable<Uint8Array>) {
    await this.#requireVisible(record, path);
    const { runtime, applier, root } = this.#options;
    await runtime.exclusively(record.id, async () => {
      const process = runtime.identity(record.id);
      const [upper = "", ...lower] = await this.#folders(record);
      if (process === undefined) await this.#makeFolders(record);
      await unpack(body, {
        applier,
        folder: runtime.records.folder(record.id),
        into: {
          path,
          keepKinds,
          ...(record.idBase === undefined ? {} : { idsFrom: record.idBase }),
          root:
            process === undefined
              ? { cwd: root, upper, work: join(dirname(upper), "work"), lower }
              : { process },
        },
      });
    });
  }

  /** What the first start would make. */
  async #makeFolders({ id, idBase }: ContainerRecord): Promise<void> {
    const folder = this.#options.runtime.records.folder(id);
    for (const [path, mode] of [
      [folder, 0o711],
      [join(folder, "upper"), 0o755],
      [join(folder, "work"), 0o700],
    ] as const) {
      await mkdir(path, { recursive: true });
      await chmod(path, mode); // whatever the umask
    }
    if (idBase !== undefined) await chown(join(folder, "upper"), idBase, idBase);
  }

  /** Makes an image of the container's image and its writable layer. */
  async commit(record: ContainerRecord, options: CommitOptions): Promise<Image> {
    const { images, runtime, root } = this.#options;
    const references = options.reference === undefined ? [] : [givenName(options.reference)];
    if (record.imageId === "host")
      throw new GantryError(
        "request.invalid",
        "the host image is this machine, and cannot be made a layer of",
        {
          next: "make an image of a root file system: gantry import",
        },
      );
    const parent = await images.configuration(record.imageId);
    const image = await this.#image(record);
    const upper = { folders: [relative(root, this.#upper(record))] };
    const read = async () => {
      const packed = pipeline(
        Readable.from(archive(upper, { ...this.#how(record), changes: true }), { objectMode: false }),
        createGzip(FAST),
        () => undefined, // whoever reads gets the error
      );
      return await images.stageLayer(packed);
    };
    const layer = await (options.pause ? runtime.heldWhile(record.id, read) : read());
    try {
      const configuration = committedConfiguration(parent, {
        diffId: layer.diffId,
        createdAt: Date.now(),
        createdBy: commandLine(record.config, launchImage(image)).join(" "),
        ...(options.author === undefined ? {} : { author: options.author }),
        ...(options.comment === undefined ? {} : { comment: options.comment }),
        config: committedConfig(record.config, image.config),
        changes: options.changes,
      });
      const layers = [...images.diffIds(record.imageId), layer];
      return await images.addImage({ configuration, layers, references });
    } finally {
      await images.discardLayer(layer);
    }
  }

  async #image(record: ContainerRecord): Promise<Image> {
    const image = await this.#options.images.get(record.imageId);
    if (image !== undefined) return image;
    throw new GantryError("image.not-found", `no image ${record.imageId} on this machine`);
  }

  /** The process is the better witness: it sees its volumes, and a layer in use must not be laid over others again. */
  async #source(record: ContainerRecord): Promise<ArchiveSource> {
    const process = this.#options.runtime.identity(record.id);
    return process === undefined ? { folders: await this.#folders(record) } : { process };
  }

  #how({ idBase }: ContainerRecord) {
    const { archiver, root } = this.#options;
    return { archiver, cwd: root, ...(idBase === undefined ? {} : { idsFrom: idBase }) };
  }

  #upper({ id }: ContainerRecord): string {
    return join(this.#options.runtime.records.folder(id), "upper");
  }

  /** The writable layer and those below it, topmost first, as they are found from the root folder. */
  async #folders(record: ContainerRecord): Promise<readonly string[]> {
    const { root } = this.#options;
    const { layers } = await this.#image(record);
    return [this.#upper(record), ...layers, mountPoints(root)].map((path) => relative(root, path));
  }

  /** A container that does not run has no mounts: what lies below one would be a lie. */
  async #requireVisible(record: ContainerRecord, path: string): Promise<void> {
    const { id, name, config } = record;
    if (this.#options.runtime.identity(id) !== undefined) return;
    const { hostMounts } = await this.#image(record);
    const absolute = posix.resolve("/", path);
    const mount = [...config.mounts, ...hostMounts].find(
      ({ target }) => absolute === target || absolute.startsWith(`${target.replace(/\/$/, "")}/`),
    );
    if (mount !== undefined)
      throw new GantryError(
        "container.not-running",
        `${absolute} of ${name} is only there while it runs: it lies in a mount`,
        {
          next: `gantry start ${name}`,
        },
      );
  }
}
