import { GantryError } from "../error.ts";
import type { Descriptor } from "../image/layer.ts";
import { isConnectionError, readAll, refusal, unreachable } from "./failure.ts";
import { backoffMs, pause, TRIES } from "./retry.ts";
import type { RegistrySession } from "./session.ts";
import type { Answer } from "./transport.ts";

/** So many bytes without a failure, and earlier failures are forgotten. */
const PROGRESS_BYTES = 1024 * 1024;

export interface BlobOptions {
  readonly repository: string;
  readonly signal?: AbortSignal;
  /** Called with the bytes that came, in all. */
  readonly onBytes?: (bytes: number) => void;
  /** Called before it is tried again, with what went wrong. */
  readonly onRetry?: (error: Error, inMs: number) => void;
}

/**
 * A blob's bytes. A connection that breaks is taken up again where it stood (RFC 9110, 14), as often as there is
 * progress. Never yields more bytes than the descriptor says, and ends only when it yielded all of them; the digest is
 * the caller's to check. Throws as RegistrySession.send does, image.not-found, image.invalid.
 */
export async function* fetchBlob(
  session: RegistrySession,
  descriptor: Descriptor,
  { repository, signal, onBytes, onRetry }: BlobOptions,
): AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  let have = 0;
  let failures = 0;
  for (;;) {
    const began = have;
    try {
      const answer = await session.send(`/v2/${repository}/blobs/${digest}`, {
        method: "GET",
        headers: have === 0 ? {} : { Range: `bytes=${have}-` },
      });
      for await (const chunk of expected(answer, have, digest)) {
        have += chunk.length;
        if (have > size) throw longer(digest, size);
        onBytes?.(have);
        yield chunk;
      }
      if (have === size) return;
      throw Object.assign(new Error(`${digest} ended after ${have} of ${size} bytes`), {
        code: "ECONNRESET",
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Error) || !isConnectionError(error)) throw error;
      failures = have - began >= PROGRESS_BYTES ? 1 : failures + 1;
      if (failures >= TRIES) throw unreachable(new URL(`https://${session.host}`), error);
      const wait = backoffMs(failures);
      onRetry?.(error, wait);
      await pause(wait, signal);
    }
  }
}

/** The body from `have` on, whether the registry knows ranges or sends everything again. */
async function* expected(answer: Answer, have: number, digest: string): AsyncGenerator<Uint8Array> {
  let skip = have;
  if (answer.status === 206) {
    if (!(answer.headers["content-range"] ?? "").startsWith(`bytes ${have}-`)) {
      await answer.body.dump();
      throw new GantryError(
        "registry.unreachable",
        `${answer.url.host} answered with another range than was asked for`,
      );
    }
    skip = 0;
  } else if (answer.status !== 200) throw await refusal(answer, `blob ${digest}`);
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    const rest = skip === 0 ? chunk : chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
    if (rest.length > 0) yield rest;
  }
}

function longer(digest: string, size: number): GantryError {
  return new GantryError(
    "image.invalid",
    `blob ${digest} is longer than the ${size} bytes its manifest says`,
  );
}

/** A small blob as a whole, its size and digest not checked. Throws as fetchBlob does; image.invalid beyond `most` bytes. */
export async function readBlobOf(
  session: RegistrySession,
  descriptor: Descriptor,
  options: BlobOptions & { readonly most: number },
): Promise<Buffer> {
  if (descriptor.size > options.most)
    throw new GantryError("image.invalid", `blob ${descriptor.digest} is longer than ${options.most} bytes`);
  return await readAll(fetchBlob(session, descriptor, options), options.most);
}
