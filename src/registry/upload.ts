import { createReadStream } from "node:fs";
import { GantryError } from "../error.ts";
import type { Descriptor } from "../image/layer.ts";
import { refusal } from "./failure.ts";
import { backoffMs, pause, TRIES } from "./retry.ts";
import type { RegistrySession } from "./session.ts";
import type { Answer } from "./transport.ts";

/** Bytes of one request: larger blobs go in pieces, so that a connection that breaks costs only one. */
const CHUNK_BYTES = 32 * 1024 * 1024;

export interface UploadOptions {
  readonly repository: string;
  /** Repositories of the same registry that may have the blob. */
  readonly mountFrom?: readonly string[];
  readonly signal?: AbortSignal;
  /** Called with the bytes that went, in all. */
  readonly onBytes?: (bytes: number) => void;
}

/** How a blob came to be there. */
export type Uploaded =
  { readonly how: "exists" | "pushed" } | { readonly how: "mounted"; readonly from: string };

/** Brings a file's content to a registry under its digest, if it is not there (distribution-spec, "Pushing blobs"). */
export async function uploadBlob(
  session: RegistrySession,
  file: string,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  options: UploadOptions,
): Promise<Uploaded> {
  const { repository, mountFrom = [], signal } = options;
  if (await hasBlob(session, repository, digest)) return { how: "exists" };
  for (const from of mountFrom) {
    const query = new URLSearchParams({ mount: digest, from });
    const answer = await post(session, `/v2/${repository}/blobs/uploads/?${query.toString()}`);
    if (answer.status === 201) return { how: "mounted", from };
    // It opened an upload instead: it is used, or given up where there is another place to try.
    if (answer.status === 202) {
      await send(session, file, { digest, size }, answer, options);
      return { how: "pushed" };
    }
  }
  for (let failures = 1; ; failures++) {
    try {
      const answer = await post(session, `/v2/${repository}/blobs/uploads/`);
      if (answer.status !== 202) throw await refusal(answer, `uploads to ${repository}`);
      await send(session, file, { digest, size }, answer, options);
      return { how: "pushed" };
    } catch (error) {
      signal?.throwIfAborted();
      const passing = error instanceof GantryError && error.code === "registry.unreachable";
      if (!passing || failures >= TRIES) throw error;
      await pause(backoffMs(failures), signal);
    }
  }
}

export async function hasBlob(
  session: RegistrySession,
  repository: string,
  digest: string,
): Promise<boolean> {
  const answer = await session.send(`/v2/${repository}/blobs/${digest}`, { method: "HEAD" });
  await answer.body.dump();
  if (answer.status === 401 || answer.status === 403) throw await refusal(answer, `pushes to ${repository}`);
  return answer.status === 200;
}

/** Opens an upload. Its answer's body is read. */
async function post(session: RegistrySession, path: string): Promise<Answer> {
  const answer = await session.send(path, { method: "POST", headers: { "Content-Length": "0" } });
  if (answer.status === 201 || answer.status === 202) await answer.body.dump();
  return answer;
}

/** All of the file: in one request where it is small, else in pieces. */
async function send(
  session: RegistrySession,
  file: string,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  opened: Answer,
  { repository, signal, onBytes }: UploadOptions,
): Promise<void> {
  let place = placeOf(session, opened);
  let sent = 0;
  while (size - sent > CHUNK_BYTES) {
    signal?.throwIfAborted();
    const end = sent + CHUNK_BYTES;
    const answer = await session.send(place, {
      method: "PATCH",
      repeat: false,
      headers: {
        "Content-Type": "application/octet-stream",
        "Content-Length": String(end - sent),
        "Content-Range": `${sent}-${end - 1}`,
      },
      body: piece(file, sent, end, onBytes),
    });
    if (answer.status !== 202) throw await refusal(answer, `a part of ${digest} in ${repository}`);
    await answer.body.dump();
    place = placeOf(session, answer);
    sent = end;
  }
  const last = new URL(place, "http://relative");
  last.searchParams.set("digest", digest);
  const target = place.startsWith("/") ? `${last.pathname}${last.search}` : last.href;
  const answer = await session.send(target, {
    method: "PUT",
    repeat: false,
    headers: {
      "Content-Type": "application/octet-stream",
      "Content-Length": String(size - sent),
      ...(sent === 0 ? {} : { "Content-Range": `${sent}-${size - 1}` }),
    },
    body: piece(file, sent, size, onBytes),
  });
  if (answer.status !== 201) throw await refusal(answer, `${digest} in ${repository}`);
  await answer.body.dump();
}

/** Where the upload goes on; a registry may send elsewhere for each part. */
function placeOf(session: RegistrySession, answer: Answer): string {
  const location = answer.headers["location"] ?? "";
  if (location !== "") return session.within(location, answer.url);
  throw new GantryError("registry.unreachable", `${answer.url.host} does not say where an upload goes`);
}

async function* piece(
  file: string,
  start: number,
  end: number,
  onBytes: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  if (end === start) return;
  let at = start;
  for await (const chunk of createReadStream(file, { start, end: end - 1, highWaterMark: 256 * 1024 })) {
    at += (chunk as Uint8Array).length;
    onBytes?.(at);
    yield chunk as Uint8Array;
  }
}
