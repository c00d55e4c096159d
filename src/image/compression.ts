import { createGunzip } from "node:zlib";
import type { Transform } from "node:stream";
import { GantryError } from "../error.ts";

/** How an archive is packed, by its first bytes. */
export type Compression = "none" | "gzip" | "zstd" | "xz" | "bzip2";

const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];

/** As many bytes as detectCompression looks at. */
export const MAGIC_BYTES = 6;

export function detectCompression(start: Uint8Array): Compression {
  const found = MAGIC.find(([, magic]) => magic.every((byte, index) => start[index] === byte));
  return found?.[0] ?? "none";
}

/** A stream that unpacks; undefined when there is nothing to unpack. Throws image.invalid for what is not built. */
export function decompressor(compression: Compression): Transform | undefined {
  if (compression === "none") return undefined;
  if (compression === "gzip") return createGunzip({ chunkSize: 256 * 1024 });
  throw new GantryError(
    "image.invalid",
    `the archive is packed with ${compression}, which gantry cannot read yet`,
    {
      next: "unpack it first, or pack it with gzip",
    },
  );
}
