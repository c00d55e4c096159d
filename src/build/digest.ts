import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import type { LayerMember } from "./layer-archive.ts";

const SMALL = 128 * 1024;
/** Bytes after which others get their turn. */
const REST_AFTER = 8 * 1024 * 1024;

/** 64 hexadecimal digits that stand for a value; members of objects count in the order they are written. */
export function digestOfValue(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** Digests of files that do not change while a build runs: each is read once. */
export class ContentDigests {
  readonly #files = new Map<string, string>();
  #sinceRest = 0;

  /**
   * Stands for what a layer of these members would hold: names, kinds, modes, owners, links, attributes and contents. Times
   * do not count, as in docker: a fresh checkout is the same.
   */
  async ofMembers(members: readonly LayerMember[]): Promise<string> {
    const hash = createHash("sha256");
    for (const { path, kind, mode, uid, gid, size, link, device, attributes, data } of members) {
      const content =
        data === undefined
          ? ""
          : data instanceof Uint8Array
            ? digestOfBytes(data)
            : await this.#ofFile(data.place, size);
      const more = [...(attributes ?? [])].map(([name, value]) => [
        name,
        Buffer.from(value).toString("base64"),
      ]);
      hash.update(JSON.stringify([path, kind, mode, uid, gid, link, device, more, content]));
    }
    return hash.digest("hex");
  }

  async #ofFile(place: string, size: number): Promise<string> {
    const known = this.#files.get(place);
    if (known !== undefined) return known;
    const digest = size <= SMALL ? digestOfBytes(readFileSync(place)) : await digestOfLarge(place);
    this.#files.set(place, digest);
    this.#sinceRest += Math.min(size, SMALL) + 4096;
    if (this.#sinceRest > REST_AFTER) {
      this.#sinceRest = 0;
      await turn();
    }
    return digest;
  }
}

function digestOfBytes(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function digestOfLarge(place: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(place, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
