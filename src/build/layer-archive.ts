import { constants, createReadStream, openSync, closeSync, fstatSync, readSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { GantryError } from "../error.ts";
import { TAR_END, tarHeader, type TarMember, tarPadding } from "../image/tar-header.ts";

/** A member of a layer, with where its data is: a file of this machine, or bytes. */
export interface LayerMember extends TarMember {
  readonly data?: { readonly place: string } | Uint8Array;
}

/** Up to here a file is read at once, which is sooner done than a thread is asked. */
const SMALL = 128 * 1024;
/** Bytes that are handed on at once. */
const CHUNK = 256 * 1024;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** The archive of a layer, members in the order given. Throws conflict for a file that is not what it was any more. */
export async function* layerArchive(members: Iterable<LayerMember>): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array[] = [];
  let bytes = 0;
  for (const member of members) {
    const { data } = member;
    const head = tarHeader(member);
    if (data === undefined || data instanceof Uint8Array || member.size <= SMALL) {
      const content =
        data === undefined ? [] : [data instanceof Uint8Array ? data : readSmall(member, data.place)];
      pending.push(head, ...content, tarPadding(member.size));
      bytes += head.length + member.size;
      if (bytes < CHUNK) continue;
      yield Buffer.concat(pending);
      await turn(); // others are served as well
    } else {
      yield Buffer.concat([...pending, head]);
      yield* readLarge(member, data.place);
      yield tarPadding(member.size);
    }
    pending = [];
    bytes = 0;
  }
  yield Buffer.concat([...pending, TAR_END]);
}

function readSmall({ path, size }: LayerMember, place: string): Uint8Array {
  const file = openSync(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) throw changed(path);
    const content = Buffer.alloc(size);
    for (let at = 0; at < size;) {
      const read = readSync(file, content, at, size - at, at);
      if (read === 0) throw changed(path);
      at += read;
    }
    return content;
  } finally {
    closeSync(file);
  }
}

async function* readLarge({ path, size }: LayerMember, place: string): AsyncGenerator<Uint8Array> {
  let left = size;
  const stream = createReadStream(place, {
    flags: O_RDONLY | O_NOFOLLOW,
    highWaterMark: CHUNK,
    end: size - 1,
  } as never);
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    left -= chunk.length;
    yield chunk;
  }
  if (left !== 0) throw changed(path);
}

function changed(path: string): GantryError {
  return new GantryError("conflict", `${path} changed while it was copied`, { next: "build again" });
}
