import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { PassThrough } from "node:stream";
import { readJson, writeJson } from "../host/durable.ts";
import { decompressor, detectCompression, MAGIC_BYTES } from "./compression.ts";
import { hexOf, type Layout } from "./layout.ts";
import type { LayerFacts } from "./layer.ts";
import { scanTar } from "./tar-scan.ts";

/** What a layer says beside names and contents, which node cannot read off its folder: it knows no extended attributes. */
export interface LayerSpecials {
  /** Folders that hide what lower layers have in them. */
  readonly opaque: ReadonlySet<string>;
  /** Extended attributes by path and name. */
  readonly attributes: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;
}

const OPAQUE = ".wh..wh..opq";
const XATTR = "SCHILY.xattr.";

interface Kept {
  readonly opaque: readonly string[];
  /** Values in base64. */
  readonly attributes: readonly (readonly [path: string, name: string, value: string])[];
}

/** Reads them off the layer's archive once, and keeps them beside its tree: a layer never changes. */
export async function layerSpecials(
  layout: Layout,
  diffId: string,
  { blob }: LayerFacts,
): Promise<LayerSpecials> {
  const file = join(layout.layers, hexOf(diffId), "specials.json");
  const kept = (await readJson(file).catch(() => undefined)) as Kept | undefined;
  const found = kept ?? (await scan(join(layout.blobs, hexOf(blob.digest))));
  if (kept === undefined) await writeJson(file, found);
  const attributes = new Map<string, Map<string, Uint8Array>>();
  for (const [path, name, value] of found.attributes) {
    const own = attributes.get(path) ?? new Map<string, Uint8Array>();
    attributes.set(path, own.set(name, Buffer.from(value, "base64")));
  }
  return { opaque: new Set(found.opaque), attributes };
}

async function scan(archive: string): Promise<Kept> {
  const opaque: string[] = [];
  const attributes: (readonly [string, string, string])[] = [];
  for await (const { path, records } of scanTar(await inflated(archive))) {
    const cut = path.lastIndexOf("/");
    if (path.slice(cut + 1) === OPAQUE) opaque.push(path.slice(0, Math.max(cut, 0)));
    for (const [key, value] of records)
      if (key.startsWith(XATTR))
        attributes.push([path, key.slice(XATTR.length), Buffer.from(value).toString("base64")]);
  }
  return { opaque, attributes };
}

async function inflated(archive: string): Promise<AsyncIterable<Uint8Array>> {
  const file = createReadStream(archive, { end: MAGIC_BYTES - 1 });
  const start: Uint8Array[] = [];
  for await (const chunk of file as AsyncIterable<Uint8Array>) start.push(chunk);
  const inflate = decompressor(detectCompression(Buffer.concat(start)));
  const whole = createReadStream(archive, { highWaterMark: 1024 * 1024 });
  if (inflate === undefined) return whole;
  const out = new PassThrough();
  pipeline(whole, inflate, out).catch((error: unknown) => out.destroy(error as Error));
  return out;
}
