import { createHash, randomBytes } from "node:crypto";
import { chmod, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { FileTree, type TreeLayer } from "../../build/file-tree.ts";
import { layerArchive } from "../../build/layer-archive.ts";
import type { BuildWorld, RunResult } from "../../build/world.ts";
import type { BuildSession } from "../../image/build-cache.ts";
import { GantryError } from "../../error.ts";
import { Serial } from "../../host/serial.ts";
import type { Image } from "../../image/image.ts";
import { fitness, formatPlatform, machinePlatform, type Platform } from "../../image/platform.ts";
import { parseReference } from "../../image/reference.ts";
import { unpack } from "../../image/unpack.ts";
import type { Registries } from "../../registry/registries.ts";
import { downloadFile } from "./download.ts";
import type { BuildRequest } from "./request.ts";
import { type RunOrgans, runContainer } from "./run-container.ts";

export interface WorldOrgans extends RunOrgans {
  readonly registries: Registries;
  /** Path of gantry-applier. */
  readonly applier: string;
  /** Folders of cache mounts. */
  readonly cacheMounts: string;
  /** For pulls: two stages that begin with one image bring it once. */
  readonly serial: Serial;
}

/** What one build sees of the rest; `work` is its private folder, which goes with it. */
export function buildWorld(
  organs: WorldOrgans,
  request: BuildRequest,
  session: BuildSession,
  work: string,
  tell: (message: string) => void,
): BuildWorld {
  const { images, registries, host, applier, cacheMounts, serial } = organs;
  const pulled = new Set<string>();

  const newFolder = async (): Promise<string> => {
    const folder = join(work, randomBytes(8).toString("hex"));
    await mkdir(folder, { mode: 0o755 });
    return folder;
  };
  const unpacked = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
    const folder = await newFolder();
    await unpack(body, { applier, folder, signal: request.signal, volatile: true });
    return folder;
  };
  const layersOf = (diffIds: readonly string[]): readonly TreeLayer[] => {
    const folders = images.layerFolders(diffIds);
    return diffIds.toReversed().map((diffId, index) => ({
      folder: folders[index] ?? "",
      specials: async () => await images.specials(diffId),
    }));
  };
  const hostFolders = host.hostMounts.map(({ target }) => target.replace(/^\/+/, ""));
  const hostLayers = (): readonly TreeLayer[] => {
    const [mount] = host.hostMounts;
    const root = mount === undefined ? "/" : mount.source.slice(0, -mount.target.length) || "/";
    return [{ folder: root, within: hostFolders }, ...host.layers.map((folder) => ({ folder }))];
  };

  return {
    session,
    image: async (reference, platform) =>
      await serial.run(reference, async () => {
        const wanted = platform ?? machinePlatform();
        const found = await images.resolve(reference);
        const fits = found !== undefined && fitness(found.platform, wanted) !== undefined;
        if (
          found?.id === host.id ||
          (fits && (!request.pull || pulled.has(reference) || isId(reference, found)))
        )
          return found;
        tell(`Pulling ${reference}`);
        const credentials = request.credentials(parseReference(reference).domain);
        const { image } = await registries
          .pull(reference, {
            platform: wanted,
            signal: request.signal,
            ...(credentials === undefined ? {} : { credentials }),
          })
          .catch((error: unknown) => {
            throw found === undefined || fits ? error : otherPlatform(reference, found, wanted);
          });
        pulled.add(reference);
        return image;
      }),
    diffIds: ({ id }) => (id === host.id ? [] : images.diffIds(id)),
    configuration: async ({ id }) => (id === host.id ? undefined : await images.configuration(id)),
    tree: (diffIds, overHost) => new FileTree([...layersOf(diffIds), ...(overHost ? hostLayers() : [])]),
    hostFolders: () => hostFolders,
    stage: async (archive) => await images.stageLayer(archive, { signal: request.signal }),
    run: async (asked) => {
      // Always in one order, so that no two wait for each other.
      const locks = [...new Set(asked.locked)].sort();
      const locked = locks.reduceRight<() => Promise<RunResult>>(
        (task, id) => async () => await serial.run(`cache ${id}`, task),
        async () => await runContainer(organs, asked, request.run),
      );
      return await locked();
    },
    folderOf: async (members) => await unpacked(layerArchive(members)),
    unpacked,
    cacheFolder: async (id, { mode, uid, gid }) => {
      const name = createHash("sha256").update(id).digest("hex");
      const folder = join(cacheMounts, name);
      await mkdir(cacheMounts, { recursive: true, mode: 0o700 });
      if ((await mkdir(folder, { recursive: true })) !== undefined) {
        await chown(folder, uid, gid);
        await chmod(folder, mode);
      }
      return folder;
    },
    download: async (url, signal) => await downloadFile(url, join(await newFolder(), "file"), signal),
    add: async ({ configuration, diffIds, overHost, names }) =>
      await images.addImage({
        configuration,
        layers: diffIds,
        references: names,
        ...(overHost && { base: "host" as const }),
      }),
  };
}

/** Found by its id, and not by a name that a registry might know. */
function isId(reference: string, { id }: Image): boolean {
  return id.includes(reference.replace(/^sha256:/, ""));
}

function otherPlatform(reference: string, found: Image, wanted: Platform): GantryError {
  return new GantryError(
    "image.not-found",
    `${reference} is here for ${formatPlatform(found.platform)}, not for ${formatPlatform(wanted)}`,
  );
}
