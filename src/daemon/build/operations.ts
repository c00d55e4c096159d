import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { buildImage } from "../../build/build.ts";
import { contextArchive } from "../../build/context-archive.ts";
import type { BuildEvent } from "../../build/events.ts";
import { FileTree } from "../../build/file-tree.ts";
import { type Ignore, readIgnore } from "../../build/ignore.ts";
import { GantryError, messageOf } from "../../error.ts";
import { Serial } from "../../host/serial.ts";
import { namesIn, removeTree } from "../../image/layout.ts";
import { unpack } from "../../image/unpack.ts";
import type { Image } from "../../image/image.ts";
import { Channel } from "../channel.ts";
import type { BuildRequest } from "./request.ts";
import { removeContainer } from "./run-container.ts";
import { buildWorld, type WorldOrgans } from "./world.ts";

type Context = FileTree | { readonly image: string };

const LONGEST_FILE = 1024 * 1024;

export interface BuildOperations {
  /** The last event is `built`. Throws what buildImage throws, and what unpacking the context throws. */
  build(request: BuildRequest): AsyncIterable<BuildEvent>;
  /** Forgets results of steps, and what cache mounts hold, as far as they are older than a time in ms since the epoch. */
  prune(before: number): Promise<{ readonly removed: readonly string[]; readonly reclaimedBytes: number }>;
}

export interface BuildOptions extends Omit<WorldOrgans, "cacheMounts" | "serial" | "host"> {
  /** The instance's root folder. */
  readonly root: string;
  /** An image got its names. */
  readonly onBuilt: (image: Image, names: readonly string[]) => void;
}

/** Builds of one instance. First removes what a crash left of earlier ones: containers and private folders. */
export async function openBuilds(options: BuildOptions): Promise<BuildOperations> {
  const { root, images, runtime, onBuilt } = options;
  const builds = join(root, "builds");
  const cacheMounts = join(root, "build-mounts");
  for (const record of runtime.records.list())
    if (record.build === true) await removeContainer(options, record);
  for (const name of await namesIn(builds)) await removeTree(join(builds, name));
  await mkdir(builds, { recursive: true, mode: 0o700 });
  const host = await images.resolve("host");
  if (host === undefined) throw new GantryError("internal", "there is no host image");
  const organs: WorldOrgans = { ...options, host, cacheMounts, serial: new Serial() };
  let running = 0;

  async function build(request: BuildRequest, tell: (event: BuildEvent) => void): Promise<void> {
    const work = join(builds, randomBytes(8).toString("hex"));
    await mkdir(work, { mode: 0o700 });
    const session = images.openBuild();
    running += 1;
    try {
      const context = await unpackedContext(request.context, join(work, "context"), request);
      const world = buildWorld(organs, request, session, work, (message) =>
        tell({ kind: "pulling", message }),
      );
      const { dockerfile, tree } = await readContext(context, request);
      const contexts = new Map(
        await Promise.all(
          [...request.contexts].map(async ([name, given], index): Promise<[string, Context]> => {
            if ("image" in given) return [name, given];
            const folder = join(work, `context-${index}`);
            await unpackedContext(contextArchive(given.folder), folder, request);
            return [name, new FileTree([{ folder }])];
          }),
        ),
      );
      const image = await buildImage({ ...request, dockerfile, context: tree, contexts }, world, tell);
      onBuilt(image, request.names);
    } finally {
      running -= 1;
      await session.close();
      // Nobody waits for that; what a crash leaves of it goes at the next start.
      void removeTree(work).catch(() => undefined);
    }
  }

  async function unpackedContext(
    body: AsyncIterable<Uint8Array>,
    folder: string,
    { signal }: BuildRequest,
  ): Promise<string> {
    await mkdir(folder, { mode: 0o755 });
    await unpack(body, { applier: options.applier, folder, signal, volatile: true });
    return folder;
  }

  return {
    build: async function* (request) {
      const channel = new Channel<BuildEvent>();
      const task = build(request, (event) => channel.push(event)).finally(() => channel.close());
      task.catch(() => undefined); // It is awaited below, and may reject before that.
      yield* channel;
      await task;
    },
    prune: async (before) => {
      const pruned = await images.pruneBuilds(before);
      // What a mount holds has no age of its own: it goes when everything does, and nobody uses it.
      if (before >= Date.now() && running === 0) await removeTree(cacheMounts);
      return pruned;
    },
  };
}

/** The Dockerfile, and the context without what .dockerignore leaves out. Throws spec.not-found, spec.invalid. */
async function readContext(
  folder: string,
  { dockerfile: path, inline }: BuildRequest,
): Promise<{
  readonly dockerfile: { readonly text: string; readonly name: string };
  readonly tree: FileTree;
}> {
  const whole = new FileTree([{ folder }]);
  const text = inline ?? (await textOf(whole, path));
  if (text === undefined)
    throw new GantryError("spec.not-found", `there is no ${path} in the build context`, {
      next: "name it with -f, or make one",
    });
  const ignorePath = [`${path}.dockerignore`, ".dockerignore"];
  const rules = (await textOf(whole, ignorePath[0] ?? "")) ?? (await textOf(whole, ignorePath[1] ?? ""));
  const name = inline === undefined ? path : "Dockerfile";
  if (rules === undefined) return { dockerfile: { text, name }, tree: whole };
  const ignore = ignoreOf(rules);
  const hides = (one: string, isFolder: boolean): boolean =>
    one !== "" && ignore.excludes(one) && !(isFolder && ignore.keepsBelow(one));
  return { dockerfile: { text, name }, tree: new FileTree([{ folder, hides }]) };
}

function ignoreOf(rules: string): Ignore {
  try {
    return readIgnore(rules);
  } catch (error) {
    throw new GantryError("spec.invalid", `.dockerignore: ${messageOf(error)}`);
  }
}

async function textOf(tree: FileTree, path: string): Promise<string | undefined> {
  const { entry } = await tree.resolve(path);
  if (entry?.kind !== "file") return undefined;
  if (entry.size > LONGEST_FILE) throw new GantryError("spec.invalid", `${path} is longer than 1 MiB`);
  return readFileSync(entry.place, "utf8");
}
