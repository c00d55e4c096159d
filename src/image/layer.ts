import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { readJson, writeJson } from "../host/durable.ts";
import { BlobWriter, publishBlob, type StagedBlob } from "./blob.ts";
import { hexOf, publishFolder, removeTree, temporaryFolder } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { layerMediaType } from "./media-type.ts";
import { unpack } from "./unpack.ts";
import type { Unpacked } from "./unpack.ts";

/** A blob as manifests name it (descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** What is known of a layer in the store: `meta.json` beside its tree. */
export interface LayerFacts {
  readonly entries: number;
  /** Bytes of file data. */
  readonly bytes: number;
  /** Bytes of the uncompressed archive. */
  readonly archiveBytes: number;
  /** The archive as it came, below blobs/. */
  readonly blob: Descriptor;
}

/** A layer that is whole and on the disk, but has no name yet. */
export interface StagedLayer extends Unpacked {
  readonly folder: string;
  readonly blob: StagedBlob & Descriptor;
}

export interface StageOptions {
  readonly applier: string;
  readonly layout: Layout;
  readonly signal?: AbortSignal;
  /** Most bytes of file data that it may unpack to. */
  readonly maxBytes?: number;
}

/**
 * Unpacks an archive into a temporary folder and keeps it as it came; removes both on any failure. Throws what unpack
 * throws.
 */
export async function stageLayer(
  body: AsyncIterable<Uint8Array>,
  { applier, layout, signal, maxBytes }: StageOptions,
): Promise<StagedLayer> {
  const folder = await temporaryFolder(layout.layers);
  const writer = await BlobWriter.open(layout).catch(async (error: unknown) => {
    await removeTree(folder);
    throw error;
  });
  try {
    const root = join(folder, "root");
    await mkdir(root, { mode: 0o755 });
    const unpacked = await unpack(writer.tee(body), {
      applier,
      folder: root,
      ...(signal === undefined ? {} : { signal }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
    const blob = { ...(await writer.finish()), mediaType: layerMediaType(unpacked.compression) };
    const layer = { ...unpacked, folder, blob };
    await writeJson(join(folder, "meta.json"), factsOf(layer));
    return layer;
  } catch (error) {
    await writer.discard();
    await removeTree(folder);
    throw error;
  }
}

export function factsOf({ entries, bytes, archiveBytes, blob }: StagedLayer): LayerFacts {
  const { mediaType, digest, size } = blob;
  return { entries, bytes, archiveBytes, blob: { mediaType, digest, size } };
}

/** Removes a staged layer; one that was published or dropped already is fine. */
export async function discardLayer({ folder, blob }: StagedLayer): Promise<void> {
  await rm(blob.file, { force: true });
  await removeTree(folder);
}

/**
 * Gives a staged layer its name, the archive first: a layer that can be seen has one. False when it is not staged any
 * more. The store must not have a layer of that name.
 */
export async function publishLayer(layout: Layout, layer: StagedLayer): Promise<boolean> {
  if ((await stat(layer.folder).catch(() => undefined)) === undefined) return false;
  if (!(await publishBlob(layout, layer.blob))) return false;
  return await publishFolder(layer.folder, hexOf(layer.diffId), layout.layers);
}

/** The folder that overlay takes as a lower layer. */
export function layerFolder(layout: Layout, diffId: string): string {
  return join(layout.layers, hexOf(diffId), "root");
}

/** Reads what is known of a layer. Throws when it is not there, or not whole. */
export async function readLayer(layout: Layout, diffId: string): Promise<LayerFacts> {
  const folder = layerFolder(layout, diffId);
  if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is not a folder`);
  const meta = join(layout.layers, hexOf(diffId), "meta.json");
  const { entries, bytes, archiveBytes, blob } = (await readJson(meta)) as Partial<LayerFacts>;
  const whole = [entries, bytes, archiveBytes, blob?.size].every((value) => typeof value === "number");
  if (!whole || !/^sha256:[a-f0-9]{64}$/.test(blob?.digest ?? "")) throw new Error(`${meta} is damaged`);
  const { size } = await stat(join(layout.blobs, hexOf(blob?.digest ?? "")));
  if (size !== blob?.size) throw new Error(`the archive of ${folder} is damaged`);
  return { entries, bytes, archiveBytes, blob } as LayerFacts;
}
