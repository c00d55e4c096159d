import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Downloaded } from "../../build/world.ts";
import { GantryError } from "../../error.ts";

/** Bytes: more is no file that somebody adds to an image. */
const MOST_BYTES = 8 * 1024 ** 3;

/** Brings a file over HTTP for ADD. Throws registry.unreachable where there is none to be had. */
export async function downloadFile(url: string, place: string, signal: AbortSignal): Promise<Downloaded> {
  if (!/^https?:/i.test(url))
    throw new GantryError("request.invalid", "only http and https can be downloaded from");
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    const reason =
      (cause as { readonly cause?: { readonly message?: string } }).cause?.message ?? String(cause);
    throw new GantryError("registry.unreachable", `the download failed: ${reason}`, { cause });
  });
  if (!response.ok || response.body === null)
    throw new GantryError("registry.unreachable", `the download failed: status ${response.status}`);
  const hash = createHash("sha256");
  let size = 0;
  const file = await open(place, "wx", 0o600);
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > MOST_BYTES) throw new GantryError("request.invalid", "the file is larger than 8 GiB");
      hash.update(chunk);
      await file.write(chunk);
    }
  } finally {
    await file.close();
  }
  const modified = Date.parse(response.headers.get("last-modified") ?? "");
  return {
    place,
    size,
    digest: `sha256:${hash.digest("hex")}`,
    ...(Number.isNaN(modified) ? {} : { modifiedAt: modified }),
  };
}
