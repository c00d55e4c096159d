import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { isAbsolute, relative, resolve } from "node:path";
import { contextArchive } from "../build/context-archive.ts";
import { GantryError } from "../error.ts";
import type { Client } from "./client.ts";
import type { Context } from "./context.ts";
import { followBuild, type Progress } from "./follow-build.ts";

/** A build as the daemon is asked for it. */
export interface ImageBuild {
  /** A folder, or the archive of one. */
  readonly context: { readonly folder: string } | { readonly archive: Readable };
  /** Absolute, or relative to the context; the Dockerfile's own text where it has no place there. */
  readonly dockerfile: string | { readonly text: string };
  readonly names: readonly string[];
  readonly arguments: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly platform?: string;
  readonly network?: string;
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly extraHosts: readonly string[];
  readonly shmBytes?: number;
  readonly ulimits?: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly secrets: readonly ({ readonly id: string } & (
    { readonly file: string } | { readonly value: string } | { readonly base64: string }
  ))[];
  readonly agents: readonly { readonly id: string; readonly socket: string }[];
  readonly contexts: Readonly<Record<string, { readonly folder: string } | { readonly image: string }>>;
}

export interface BuildOutput {
  readonly progress: Progress;
  readonly quiet: boolean;
  /** Gets the image's id. Absolute. */
  readonly idFile?: string;
}

/** Sends a context to the daemon and shows how the build goes. Resolves with the image's id; throws the error that ended it. */
export async function buildImage(
  context: Pick<Context, "stdout" | "env">,
  client: Client,
  build: ImageBuild,
  { progress, quiet, idFile }: BuildOutput,
  signal: AbortSignal,
): Promise<string> {
  const { path, inline } = await placeOf(build);
  const more = {
    ...(inline === undefined ? {} : { inline }),
    secrets: build.secrets,
    ssh: build.agents,
    contexts: build.contexts,
  };
  const epoch = context.env["SOURCE_DATE_EPOCH"];
  const buildargs = { ...(epoch === undefined ? {} : { SOURCE_DATE_EPOCH: epoch }), ...build.arguments };
  const query = new URLSearchParams({
    dockerfile: path,
    buildargs: JSON.stringify(buildargs),
    labels: JSON.stringify(build.labels),
    ...(build.target === undefined ? {} : { target: build.target }),
    ...(build.platform === undefined ? {} : { platform: build.platform }),
    ...(build.network === undefined ? {} : { networkmode: build.network }),
    ...(build.shmBytes === undefined ? {} : { shmsize: String(build.shmBytes) }),
    ...(build.ulimits === undefined ? {} : { ulimits: JSON.stringify(build.ulimits) }),
    ...(build.noCache && { nocache: "1" }),
    ...(build.pull && { pull: "1" }),
  });
  for (const name of build.names) query.append("t", name);
  for (const host of build.extraHosts) query.append("extrahosts", host);
  const upload =
    "archive" in build.context
      ? build.context.archive
      : Readable.from(contextArchive(build.context.folder, inline === undefined ? [path] : []), {
          objectMode: false,
        });
  const lines = client.lines<object>("POST", `/build?${query.toString()}`, {
    upload,
    headers: { "X-Gantry-Build": Buffer.from(JSON.stringify(more)).toString("base64url") },
    signal,
  });
  const id = await followBuild(context, lines, { progress, quiet });
  if (idFile !== undefined) await writeFile(idFile, id);
  return id;
}

/** Where in the context the Dockerfile lies, or its text where it lies elsewhere. */
async function placeOf({
  context,
  dockerfile,
}: ImageBuild): Promise<{ readonly path: string; readonly inline?: string }> {
  if (typeof dockerfile !== "string") return { path: "Dockerfile", inline: dockerfile.text };
  if ("archive" in context) return { path: dockerfile };
  const { folder } = context;
  const isFolder = (await stat(folder).catch(() => undefined))?.isDirectory() === true;
  if (!isFolder)
    throw new GantryError("spec.not-found", `the build context ${folder} is not a folder`, {
      next: "give the folder with the Dockerfile: gantry build .",
    });
  const place = resolve(folder, dockerfile);
  const path = relative(folder, place);
  if (!existsSync(place))
    throw new GantryError("spec.not-found", `there is no Dockerfile at ${place}`, {
      next: "name it with -f, or make one",
    });
  const isInside = !path.startsWith("..") && !isAbsolute(path);
  return isInside ? { path } : { path, inline: await readFile(place, "utf8") };
}
