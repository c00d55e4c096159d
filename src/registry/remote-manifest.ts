import { GantryError } from "../error.ts";
import { digestOf } from "../image/layout.ts";
import { type IndexEntry, type Manifest, parseManifest } from "../image/manifest.ts";
import { MEDIA_TYPE } from "../image/media-type.ts";
import { fitness, formatPlatform, type Platform } from "../image/platform.ts";
import { readAll, refusal } from "./failure.ts";
import type { RegistrySession } from "./session.ts";

/** A manifest as a registry has it. */
export interface RemoteManifest {
  readonly digest: string;
  /** To the byte. */
  readonly text: string;
  readonly manifest: Manifest;
}

/** Bytes, as the distribution specification has it. */
const LONGEST = 4 * 1024 * 1024;
/** Indexes may name indexes; nobody needs more than two. */
const DEEPEST = 3;
const ACCEPT = [
  MEDIA_TYPE.manifest,
  MEDIA_TYPE.index,
  MEDIA_TYPE.dockerManifest,
  MEDIA_TYPE.dockerIndex,
].join(", ");

/** Fetches a manifest by tag or digest. Throws as RegistrySession.send does, image.not-found, image.invalid. */
export async function fetchManifest(
  session: RegistrySession,
  repository: string,
  reference: string,
): Promise<RemoteManifest> {
  const what = `${repository}${reference.startsWith("sha256:") ? "@" : ":"}${reference}`;
  const headers = { Accept: ACCEPT };
  const answer = await session.send(`/v2/${repository}/manifests/${reference}`, { method: "GET", headers });
  if (answer.status !== 200) throw await refusal(answer, what);
  const content = await readAll(answer.body, LONGEST);
  const digest = digestOf(content);
  if (reference.startsWith("sha256:") && digest !== reference)
    throw new GantryError("image.invalid", `${session.host} sent something else for ${what}: ${digest}`);
  const text = content.toString("utf8");
  return {
    digest,
    text,
    manifest: parseManifest(text, answer.headers["content-type"]?.split(";")[0]?.trim()),
  };
}

/** The digest a tag leads to, without what it leads to; undefined where the registry does not say. */
export async function askDigest(
  session: RegistrySession,
  repository: string,
  tag: string,
): Promise<string | undefined> {
  const headers = { Accept: ACCEPT };
  const answer = await session.send(`/v2/${repository}/manifests/${tag}`, { method: "HEAD", headers });
  await answer.body.dump();
  const digest = answer.headers["docker-content-digest"] ?? "";
  return answer.status === 200 && /^sha256:[a-f0-9]{64}$/.test(digest) ? digest : undefined;
}

/**
 * The image for a platform, and the digest that the reference itself leads to: the index's, where there is one. Throws
 * as fetchManifest does; image.not-found when there is none for the platform.
 */
export async function fetchImageManifest(
  session: RegistrySession,
  repository: string,
  reference: string,
  platform: Platform,
): Promise<{ readonly digest: string; readonly image: RemoteManifest }> {
  const top = await fetchManifest(session, repository, reference);
  let found = top;
  for (let depth = 0; found.manifest.kind === "index"; depth++) {
    if (depth >= DEEPEST)
      throw new GantryError("image.invalid", `${repository} has indexes within indexes without end`);
    found = await fetchManifest(
      session,
      repository,
      choose(found.manifest.manifests, platform, repository).digest,
    );
  }
  return { digest: top.digest, image: found };
}

function choose(entries: readonly IndexEntry[], wanted: Platform, repository: string): IndexEntry {
  const fitting = entries
    .filter(isProgram)
    .map((entry) => ({ entry, fit: entry.platform === undefined ? 0 : fitness(entry.platform, wanted) }))
    .filter((one): one is { entry: IndexEntry; fit: number } => one.fit !== undefined)
    .sort((a, b) => b.fit - a.fit);
  const best = fitting[0]?.entry;
  if (best !== undefined) return best;
  const offered = entries
    .filter(isProgram)
    .flatMap(({ platform }) => (platform === undefined ? [] : [formatPlatform(platform)]));
  throw new GantryError(
    "image.not-found",
    `${repository} is not there for ${formatPlatform(wanted)}, only for ${offered.slice(0, 20).join(", ") || "nothing"}`,
    { next: "choose one with --platform" },
  );
}

/** Docker's builder puts attestations beside the images, for a platform "unknown". */
function isProgram({ platform, annotations }: IndexEntry): boolean {
  return platform?.architecture !== "unknown" && annotations["vnd.docker.reference.type"] === undefined;
}
