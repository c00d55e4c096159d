import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../host/durable.ts";
import { formatConfiguration } from "./configuration.ts";
import { DEFAULT_PATH } from "./image.ts";
import type { ImageConfig } from "./image.ts";
import { hexOf, publishFolder, removeTree, temporaryFolder, writeBlob } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { writeRecord } from "./records.ts";
import type { ImageRecord } from "./records.ts";
import { unpack } from "./unpack.ts";
import type { Unpacked } from "./unpack.ts";

/** A layer that is whole and on the disk, but has no name yet. */
export interface StagedLayer extends Unpacked {
  readonly folder: string;
}

/** Unpacks an archive into a temporary folder, and removes that on any failure. Throws what unpack throws. */
export async function stageLayer(
  body: AsyncIterable<Uint8Array>,
  options: { readonly applier: string; readonly layout: Layout; readonly signal?: AbortSignal },
): Promise<StagedLayer> {
  const folder = await temporaryFolder(options.layout.layers);
  try {
    const root = join(folder, "root");
    await mkdir(root, { mode: 0o755 });
    const unpacked = await unpack(body, {
      applier: options.applier,
      folder: root,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    await writeJson(join(folder, "meta.json"), { entries: unpacked.entries, bytes: unpacked.bytes });
    return { ...unpacked, folder };
  } catch (error) {
    await removeTree(folder);
    throw error;
  }
}

/** Gives a staged layer its name, or drops it when the store has the same one already. */
export async function publishLayer(layout: Layout, layer: StagedLayer): Promise<void> {
  if (!(await publishFolder(layer.folder, hexOf(layer.diffId), layout.layers)))
    await removeTree(layer.folder);
}

/** Writes configuration, manifest and record of an image of one layer. */
export async function writeImage(
  layout: Layout,
  layer: Unpacked,
  options: { readonly config: ImageConfig; readonly createdAt: number },
): Promise<ImageRecord> {
  const configuration = formatConfiguration(
    { createdAt: options.createdAt, diffIds: [layer.diffId], config: options.config },
    process.arch,
  );
  const id = await writeBlob(layout, configuration);
  const manifest = await writeBlob(layout, formatManifest(id, Buffer.byteLength(configuration), layer));
  const record = { id, manifest, sizeBytes: layer.bytes };
  await writeRecord(layout, record);
  return record;
}

/** An OCI image manifest (manifest.md). The layer's blob itself is not kept: its tree is, under `layers/`. */
function formatManifest(config: string, configSize: number, layer: Unpacked): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config, size: configSize },
    layers: [
      { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: layer.diffId, size: layer.archiveBytes },
    ],
  });
}

/** What an imported image says about running it: nothing but a PATH, unless told. */
export function importedConfig(changes: Partial<ImageConfig> = {}): ImageConfig {
  return { env: [`PATH=${DEFAULT_PATH}`], labels: {}, exposedPorts: [], ...changes };
}
