import { createHash, randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../error.ts";
import { replaceFile, syncFolder, writeJson } from "../host/durable.ts";

/**
 * Where the store keeps what:
 *
 *   images/oci-layout            marks an OCI image layout (image-layout.md)
 *   images/blobs/sha256/<hex>    configurations, manifests and the archives of layers as they came, by content
 *   images/records/<hex>.json    one per image: what makes it visible
 *   images/references/<hex>.json one per reference, so that each is replaced atomically on its own
 *   images/build-cache/<key>.json what a step of a build came to; it owns its layer as an image does
 *   layers/<hex>/root            an unpacked layer, by the digest of its tar; meta.json beside it
 *   layers/.tmp-<random>         not a layer yet, or no longer
 *
 * Things are written in the order layer, blobs, record, reference, and removed in the opposite order: whatever a
 * crash leaves behind is never half an image, only something that no record owns, which the next start removes.
 */
export interface Layout {
  readonly blobs: string;
  readonly records: string;
  readonly references: string;
  readonly buildCache: string;
  readonly layers: string;
}

/** Makes the folders of a store, 0700: layers hold setuid programs that must not be reachable on the host. */
export async function openLayout(root: string): Promise<Layout> {
  const images = join(root, "images");
  const layout: Layout = {
    blobs: join(images, "blobs", "sha256"),
    records: join(images, "records"),
    references: join(images, "references"),
    buildCache: join(images, "build-cache"),
    layers: join(root, "layers"),
  };
  for (const folder of Object.values(layout) as string[])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  const marker = join(images, "oci-layout");
  if ((await stat(marker).catch(() => undefined)) === undefined) {
    await writeJson(marker, { imageLayoutVersion: "1.0.0" });
  }
  return layout;
}

/** The hexadecimal part of a `sha256:` digest. */
export function hexOf(digest: string): string {
  return digest.slice("sha256:".length);
}

export function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

/** Writes content under its digest, durably. */
export async function writeBlob(layout: Layout, content: string): Promise<string> {
  const digest = digestOf(content);
  await replaceFile(join(layout.blobs, hexOf(digest)), content);
  return digest;
}

/** The blob as text. Throws image.invalid when it is missing or is not what its digest says. */
export async function readBlob(layout: Layout, digest: string): Promise<string> {
  const content = await readFile(join(layout.blobs, hexOf(digest))).catch((cause: unknown) => {
    throw new GantryError("image.invalid", `the blob ${digest} cannot be read`, { cause });
  });
  if (digestOf(content) !== digest) throw new GantryError("image.invalid", `the blob ${digest} is damaged`);
  return content.toString("utf8");
}

/** A new empty folder beside the layers, for something that is not one yet. */
export async function temporaryFolder(parent: string): Promise<string> {
  const folder = join(parent, `.tmp-${randomBytes(8).toString("hex")}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** Gives a finished folder its name; false when that is taken, then the folder is still there. */
export async function publishFolder(folder: string, name: string, parent: string): Promise<boolean> {
  try {
    await rename(folder, join(parent, name));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
  await syncFolder(parent);
  return true;
}

/** Takes a folder's name away at once; what is in it goes with the next removeTree. */
export async function retireFolder(name: string, parent: string): Promise<string | undefined> {
  const retired = join(parent, `.tmp-${randomBytes(8).toString("hex")}`);
  try {
    await rename(join(parent, name), retired);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return retired;
}

/** Removes a tree that anybody may have made: rm(1), since Node's own cannot name what is not UTF-8. */
export async function removeTree(path: string): Promise<void> {
  const child = spawn("rm", ["-rf", "--", path], { stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    if (words.length < 4096) words += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new GantryError("kernel", `cannot remove ${path}: ${words.split("\n")[0] ?? ""}`);
}

/** The names in a folder; none when it is not there. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}
