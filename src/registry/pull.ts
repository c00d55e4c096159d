import { GantryError } from "../error.ts";
import { configurationPlatform, parseConfiguration } from "../image/configuration.ts";
import type { Image } from "../image/image.ts";
import type { Descriptor, StagedLayer } from "../image/layer.ts";
import { digestOf } from "../image/layout.ts";
import type { Manifest } from "../image/manifest.ts";
import { fitness, formatPlatform, machinePlatform, type Platform } from "../image/platform.ts";
import { formatReference, type Reference } from "../image/reference.ts";
import type { ImageStore } from "../image/store.ts";
import { fetchBlob, readBlobOf } from "./blob.ts";
import type { Downloads, Lease } from "./downloads.ts";
import { askDigest, fetchImageManifest, type RemoteManifest } from "./remote-manifest.ts";
import type { RegistrySession } from "./session.ts";
import type { TransferEvent } from "./transfer.ts";

export interface PullTask {
  readonly session: RegistrySession;
  readonly store: ImageStore;
  readonly downloads: Downloads;
  readonly reference: Reference;
  /** This machine's when absent. */
  readonly platform?: Platform;
  readonly signal: AbortSignal;
  readonly tell: (event: TransferEvent) => void;
}

export interface Pulled {
  readonly image: Image;
  /** Of the manifest or index that the reference leads to. */
  readonly digest: string;
  /** Whether there was anything to do. */
  readonly changed: boolean;
}

/** Bytes; docker's limit for a configuration. */
const LONGEST_CONFIGURATION = 4 * 1024 * 1024;
/** A layer that somebody removes while an image with it is pulled is fetched again, so often. */
const ROUNDS = 3;
/** A layer may be this many times as large as its archive, or LEAST_LIMIT. */
const MOST_RATIO = 200;
const LEAST_LIMIT = 4 * 1024 ** 3;

/** Pulls one image from one registry. Throws what its parts throw; then nothing is visible that was not before. */
export async function pullFrom(task: PullTask): Promise<Pulled> {
  const { session, store, reference, signal, tell } = task;
  const repository = reference.path;
  const known = await unchanged(task);
  if (known !== undefined) return known;
  const wanted = reference.digest ?? reference.tag ?? "latest";
  const found = await fetchImageManifest(session, repository, wanted, task.platform ?? machinePlatform());
  tell({ kind: "resolved", digest: found.digest });
  const { manifest, config } = imageIn(found.image);
  const names = namesFor(reference, found.digest);
  const content = await readBlobOf(session, config, { repository, signal, most: LONGEST_CONFIGURATION });
  if (digestOf(content) !== config.digest) throw wrongDigest(config.digest, digestOf(content));
  const configuration = content.toString("utf8");
  checkPlatform(task, configuration);
  const { diffIds } = parseConfiguration(configuration);
  if (diffIds.length !== manifest.layers.length) {
    throw new GantryError(
      "image.invalid",
      `the image's configuration names ${diffIds.length} layers, its manifest ${manifest.layers.length}`,
    );
  }
  const before = names.map((name) => store.idOf(name));
  for (let round = 1; ; round++) {
    const leases: Lease[] = [];
    try {
      const layers = await allLayers(task, manifest.layers, diffIds, leases);
      const add = {
        configuration,
        manifest: found.image.text,
        layers,
        references: names,
        checkedAt: Date.now(),
      };
      const image = await store.addImage(add);
      return { image, digest: found.digest, changed: before.some((id) => id !== image.id) };
    } catch (error) {
      if (round >= ROUNDS || !(error instanceof GantryError) || error.code !== "conflict") throw error;
    } finally {
      await Promise.all(leases.map((lease) => lease.release()));
    }
  }
}

/** What the tag leads to was pulled before: asking for the digest alone costs less, and no limit counts it. */
async function unchanged(task: PullTask): Promise<Pulled | undefined> {
  const { session, store, reference, platform, tell } = task;
  if (platform !== undefined) return undefined;
  const digest = reference.digest ?? (await askDigest(session, reference.path, reference.tag ?? "latest"));
  if (digest === undefined) return undefined;
  const names = namesFor(reference, digest);
  const id = store.idOf(names[0] ?? "");
  const image = id === undefined ? undefined : await store.get(id);
  if (image === undefined || fitness(image.platform, machinePlatform()) === undefined) return undefined;
  const changed = names.some((name) => store.idOf(name) !== id);
  await store.name(image.id, names, Date.now());
  tell({ kind: "resolved", digest });
  return { image, digest, changed };
}

/** The digest first, then the tag if there is one. */
function namesFor({ domain, path, tag, digest: asked }: Reference, digest: string): readonly string[] {
  const byDigest = formatReference({ domain, path, digest });
  return asked !== undefined || tag === undefined
    ? [byDigest]
    : [byDigest, formatReference({ domain, path, tag })];
}

function imageIn({ manifest }: RemoteManifest): {
  readonly manifest: Extract<Manifest, { kind: "image" }>;
  readonly config: Descriptor;
} {
  if (manifest.kind === "image") return { manifest, config: manifest.config };
  throw new GantryError("image.invalid", "an index where an image was expected");
}

function checkPlatform({ platform, tell, reference }: PullTask, configuration: string): void {
  const has = configurationPlatform(configuration);
  if (fitness(has, platform ?? machinePlatform()) !== undefined) return;
  const name = formatReference(reference);
  const message = `${name} is for ${formatPlatform(has)}, not for ${formatPlatform(platform ?? machinePlatform())}`;
  if (platform !== undefined) throw new GantryError("image.not-found", message);
  tell({ kind: "warning", message });
}

/** Every layer, staged or in the store; `leases` gains those that are to be released. */
async function allLayers(
  task: PullTask,
  descriptors: readonly Descriptor[],
  diffIds: readonly string[],
  leases: Lease[],
): Promise<readonly (StagedLayer | string)[]> {
  const failure = new AbortController();
  const signal = AbortSignal.any([task.signal, failure.signal]);
  const results = await Promise.allSettled(
    descriptors.map(async (descriptor, index) => {
      try {
        return await oneLayer({ ...task, signal }, descriptor, diffIds[index] ?? "", leases);
      } catch (error) {
        failure.abort(error); // The others need not be fetched any more.
        throw error;
      }
    }),
  );
  task.signal.throwIfAborted();
  if (failure.signal.aborted) throw failure.signal.reason;
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

async function oneLayer(
  { session, store, downloads, reference, signal, tell }: PullTask,
  descriptor: Descriptor,
  diffId: string,
  leases: Lease[],
): Promise<StagedLayer | string> {
  const { digest, size } = descriptor;
  if (store.layer(diffId) !== undefined) {
    tell({ kind: "layer", digest, state: "exists" });
    return diffId;
  }
  tell({ kind: "layer", digest, state: "waiting" });
  const lease = await downloads.get(
    digest,
    async (aborted, say) => {
      const body = fetchBlob(session, descriptor, {
        repository: reference.path,
        signal: aborted,
        onBytes: (bytes) => say({ state: bytes === size ? "unpacking" : "downloading", bytes, total: size }),
        onRetry: ({ message }) => say({ state: "retrying", message }),
      });
      const maxBytes = Math.max(LEAST_LIMIT, size * MOST_RATIO);
      const layer = await store.stageLayer(body, { signal: aborted, maxBytes });
      if (layer.blob.digest === digest) return layer;
      await store.discardLayer(layer);
      throw wrongDigest(digest, layer.blob.digest);
    },
    { signal, tell: (progress) => tell({ kind: "layer", digest, ...progress }) },
  );
  leases.push(lease);
  if (lease.layer.diffId !== diffId) throw wrongDigest(diffId, lease.layer.diffId);
  tell({ kind: "layer", digest, state: "pulled" });
  return lease.layer;
}

function wrongDigest(wanted: string, found: string): GantryError {
  return new GantryError(
    "image.invalid",
    `what should be ${wanted} is ${found}: it was damaged or changed on its way`,
    {
      next: "try again; if it stays so, the registry or something on the way to it is not to be trusted",
    },
  );
}
