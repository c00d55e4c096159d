import type { BuildSession } from "../image/build-cache.ts";
import type { Image } from "../image/image.ts";
import type { StagedLayer } from "../image/layer.ts";
import type { Platform } from "../image/platform.ts";
import type { ContainerLimits, ContainerMount } from "../runtime/container.ts";
import type { FileTree } from "./file-tree.ts";
import type { LayerMember } from "./layer-archive.ts";

/** A command of a RUN, in a container of its own over the layers so far. */
export interface RunRequest {
  /** In the store, bottom first. */
  readonly diffIds: readonly string[];
  readonly overHost: boolean;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user?: string;
  readonly mounts: readonly ContainerMount[];
  readonly secrets: readonly SecretFile[];
  readonly network: "default" | "none" | "host";
  /** Cache mounts that no other step may have at the same time, by id. */
  readonly locked: readonly string[];
  /** Told of everything it prints. */
  readonly output: (text: string) => void;
  readonly signal: AbortSignal;
}

/** A file that only the command sees. */
export interface SecretFile {
  readonly name: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface RunResult {
  readonly exitCode: number;
  /** What it changed, where it succeeded and changed anything. */
  readonly layer?: StagedLayer;
}

/** What holds for every RUN of a build. */
export interface RunSettings {
  readonly limits: ContainerLimits;
  readonly extraHosts: readonly { readonly name: string; readonly address: string }[];
  readonly shmBytes?: number;
  readonly ulimits?: Readonly<Record<string, { readonly soft: number; readonly hard: number }>>;
}

/** What a build needs of the rest of gantry. */
export interface BuildWorld {
  readonly session: BuildSession;
  /** An image of this machine; brought from its registry where it is missing. Throws image.not-found, registry.*. */
  image(reference: string, platform: Platform | undefined): Promise<Image>;
  /** Diff ids, bottom first; none for the host image. */
  diffIds(image: Image): readonly string[];
  /** The image's OCI configuration as JSON; undefined for the host image. */
  configuration(image: Image): Promise<string | undefined>;
  /** The files of layers in the store. */
  tree(diffIds: readonly string[], overHost: boolean): FileTree;
  /** Paths (`usr`) of the host's folders that are mounted over what an image built on it has there. */
  hostFolders(): readonly string[];
  /** Unpacks a layer's archive; nobody sees it before the session keeps it. */
  stage(archive: AsyncIterable<Uint8Array>): Promise<StagedLayer>;
  run(request: RunRequest): Promise<RunResult>;
  /** A private folder with these members in it, until the build ends. Absolute. */
  folderOf(members: readonly LayerMember[]): Promise<string>;
  /** A private folder with what is in an archive, until the build ends. */
  unpacked(archive: AsyncIterable<Uint8Array>): Promise<string>;
  /** The folder behind a cache mount, there from now on. */
  cacheFolder(
    id: string,
    made: { readonly mode: number; readonly uid: number; readonly gid: number },
  ): Promise<string>;
  /** Brings a file from the network into a private folder. */
  download(url: string, signal: AbortSignal): Promise<Downloaded>;
  /** Gives an image its name: configuration, layers in the store, names. */
  add(image: {
    readonly configuration: string;
    readonly diffIds: readonly string[];
    readonly overHost: boolean;
    readonly names: readonly string[];
  }): Promise<Image>;
}

export interface Downloaded {
  readonly place: string;
  readonly size: number;
  /** `sha256:...` */
  readonly digest: string;
  /** ms since the epoch; undefined where the server does not say. */
  readonly modifiedAt?: number;
}
