import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../host/durable.ts";
import { hexOf, type Layout } from "./layout.ts";

const { O_CREAT, O_EXCL, O_WRONLY } = constants;

/** A blob that is whole and on the disk, but has no name yet. */
export interface StagedBlob {
  /** `sha256:...` of what was written. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly file: string;
}

/** Writes a blob of unknown length and learns its digest on the way. Call `finish` or `discard` in the end. */
export class BlobWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");
  #size = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(layout: Layout): Promise<BlobWriter> {
    const path = join(layout.blobs, `${randomBytes(8).toString("hex")}.tmp`);
    return new BlobWriter(path, await open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600));
  }

  get size(): number {
    return this.#size;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#size += chunk.length;
    for (let at = 0; at < chunk.length;)
      at += (await this.#file.write(chunk, at, chunk.length - at, null)).bytesWritten;
  }

  /** The same bytes, written down as they pass. */
  async *tee(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      await this.write(chunk);
      yield chunk;
    }
  }

  /** Brings everything to the disk. */
  async finish(): Promise<StagedBlob> {
    await this.#file.sync();
    await this.#file.close();
    return { digest: `sha256:${this.#hash.digest("hex")}`, size: this.#size, file: this.#path };
  }

  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined); // It was closed already, when finish failed.
    await rm(this.#path, { force: true });
  }
}

/** Gives a staged blob its name, durably. False when it is gone: somebody else gave it one, or dropped it. */
export async function publishBlob(layout: Layout, { digest, file }: StagedBlob): Promise<boolean> {
  try {
    await rename(file, join(layout.blobs, hexOf(digest)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  await syncFolder(layout.blobs);
  return true;
}
