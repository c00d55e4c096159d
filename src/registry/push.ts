import PQueue from "p-queue";
import { GantryError } from "../error.ts";
import type { Descriptor } from "../image/layer.ts";
import { digestOf } from "../image/layout.ts";
import type { PackedLayer, ShippableImage } from "../image/shipping.ts";
import { refusal } from "./failure.ts";
import type { RegistrySession } from "./session.ts";
import type { TransferEvent } from "./transfer.ts";
import { uploadBlob } from "./upload.ts";

/** Layers that go at once. */
const PARALLEL = 4;

export interface PushTask {
  readonly session: RegistrySession;
  readonly repository: string;
  readonly tag: string;
  readonly image: ShippableImage;
  /** Other repositories of this registry that are known to have layers of it. */
  readonly mountFrom: readonly string[];
  readonly signal: AbortSignal;
  readonly tell: (event: TransferEvent) => void;
}

export interface Pushed {
  /** Of the manifest. */
  readonly digest: string;
  /** Bytes of the manifest. */
  readonly size: number;
}

/** Pushes one image: layers, configuration, manifest, in this order. Throws registry.*, and what packing throws. */
export async function pushTo(task: PushTask): Promise<Pushed> {
  const { session, repository, image, signal } = task;
  const queue = new PQueue({ concurrency: PARALLEL });
  const failure = new AbortController();
  const descriptors = await Promise.all(
    image.layers.map((layer) =>
      queue.add(async () => {
        signal.throwIfAborted();
        failure.signal.throwIfAborted();
        try {
          return await pushLayer(task, layer);
        } catch (error) {
          failure.abort(error);
          throw error;
        }
      }),
    ),
  );
  await uploadBlob(session, image.configuration.file, image.configuration, { repository, signal });
  const { text, mediaType } = image.manifestFor(descriptors);
  const answer = await session.send(`/v2/${repository}/manifests/${task.tag}`, {
    method: "PUT",
    headers: { "Content-Type": mediaType },
    body: text,
  });
  if (answer.status !== 201) throw await refusal(answer, `${repository}:${task.tag}`);
  await answer.body.dump();
  const digest = digestOf(text);
  const theirs = answer.headers["docker-content-digest"];
  if (theirs !== undefined && theirs.startsWith("sha256:") && theirs !== digest)
    throw new GantryError(
      "registry.unreachable",
      `${session.host} stored something else: ${theirs}, not ${digest}`,
    );
  task.tell({ kind: "resolved", digest });
  return { digest, size: Buffer.byteLength(text) };
}

async function pushLayer(
  { session, repository, mountFrom, signal, tell }: PushTask,
  layer: PackedLayer,
): Promise<Descriptor> {
  const { diffId } = layer;
  tell({ kind: "layer", digest: diffId, state: "preparing" });
  const archive = await layer.pack(signal);
  const { descriptor, file } = archive;
  try {
    const done = await uploadBlob(session, file, descriptor, {
      repository,
      mountFrom,
      signal,
      onBytes: (bytes) =>
        tell({ kind: "layer", digest: diffId, state: "pushing", bytes, total: descriptor.size }),
    });
    if (done.how === "mounted") tell({ kind: "layer", digest: diffId, state: "mounted", message: done.from });
    else tell({ kind: "layer", digest: diffId, state: done.how === "exists" ? "present" : "pushed" });
    return descriptor;
  } finally {
    await archive.release();
  }
}
