import { resolve } from "node:path";
import { Readable } from "node:stream";
import { GantryError } from "../../error.ts";
import { readBytes } from "../../spec/size.ts";
import { buildImage, type ImageBuild } from "../build-image.ts";
import type { Context } from "../context.ts";
import { connect } from "../daemon-start.ts";
import type { Progress } from "../follow-build.ts";
import { interruptible } from "../interrupt.ts";

export interface BuildFlags {
  /** The Dockerfile; `-` reads it from standard input. */
  readonly file?: readonly string[];
  readonly tag?: readonly string[];
  readonly buildArg?: readonly string[];
  readonly label?: readonly string[];
  readonly target?: string;
  readonly platform?: string;
  readonly network?: string;
  /** Commander's way to say --no-cache. */
  readonly cache: boolean;
  readonly pull?: boolean;
  readonly addHost?: readonly string[];
  readonly shmSize?: string;
  readonly secret?: readonly string[];
  readonly ssh?: readonly string[];
  readonly buildContext?: readonly string[];
  readonly progress: Progress;
  readonly iidfile?: string;
  readonly quiet?: boolean;
}

/** `gantry build PATH`: an image of a Dockerfile and the folder around it, as `docker build`. */
export async function build(context: Context, path: string, flags: BuildFlags): Promise<number> {
  const asked = await buildOf(context, path, flags);
  const client = await connect(context);
  return await interruptible(context, "given up", async (signal) => {
    await buildImage(
      context,
      client,
      asked,
      {
        progress: flags.progress,
        quiet: flags.quiet === true,
        ...(flags.iidfile === undefined ? {} : { idFile: resolve(context.cwd, flags.iidfile) }),
      },
      signal,
    );
    return 0;
  });
}

async function buildOf(context: Context, path: string, flags: BuildFlags): Promise<ImageBuild> {
  const { file = [], target, platform, network, shmSize } = flags;
  if (file.length > 1) throw wrong("there is one Dockerfile to a build: give -f once");
  const sources = await sourcesOf(context, path, file[0]);
  return {
    ...sources,
    names: flags.tag ?? [],
    arguments: pairs(flags.buildArg ?? [], context.env),
    labels: pairs(flags.label ?? [], {}, ""),
    ...(target === undefined ? {} : { target }),
    ...(platform === undefined ? {} : { platform }),
    ...(network === undefined ? {} : { network }),
    noCache: !flags.cache,
    pull: flags.pull === true,
    extraHosts: flags.addHost ?? [],
    ...(shmSize === undefined ? {} : { shmBytes: bytes(shmSize) }),
    secrets: (flags.secret ?? []).map((text) => secretOf(text, context)),
    agents: (flags.ssh ?? []).map((text) => agentOf(text, context)),
    contexts: Object.fromEntries((flags.buildContext ?? []).map((text) => contextOf(text, context))),
  };
}

async function sourcesOf(
  context: Context,
  path: string,
  file: string | undefined,
): Promise<Pick<ImageBuild, "context" | "dockerfile">> {
  if (path === "-" && file === "-") throw wrong("standard input is the context or the Dockerfile, not both");
  if (path === "-") {
    const input = await whole(context.stdin);
    // As docker: what is no archive is a Dockerfile that needs no context.
    if (isArchive(input))
      return { context: { archive: Readable.from([input]) }, dockerfile: file ?? "Dockerfile" };
    return {
      context: { archive: Readable.from([Buffer.alloc(1024)]) },
      dockerfile: { text: input.toString("utf8") },
    };
  }
  if (/^(?:https?|git|ssh):\/\/|^git@/.test(path))
    throw wrong(`building from a URL is not built: ${path}`, "clone it first");
  const folder = resolve(context.cwd, path);
  if (file === "-")
    return { context: { folder }, dockerfile: { text: (await whole(context.stdin)).toString("utf8") } };
  return { context: { folder }, dockerfile: file === undefined ? "Dockerfile" : resolve(context.cwd, file) };
}

async function whole(stream: AsyncIterable<Uint8Array | string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

function isArchive(input: Buffer): boolean {
  return (input[0] === 0x1f && input[1] === 0x8b) || input.toString("latin1", 257, 262) === "ustar";
}

/** `NAME=value`; a name alone has the value it has here, or the given one, or is left out. */
export function pairs(
  words: readonly string[],
  here: Readonly<Record<string, string | undefined>>,
  otherwise?: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.flatMap((word) => {
      const equals = word.indexOf("=");
      if (equals > 0) return [[word.slice(0, equals), word.slice(equals + 1)]];
      const value = here[word] ?? otherwise;
      return value === undefined ? [] : [[word, value]];
    }),
  );
}

/** `id=token,src=FILE` or `id=token,env=NAME`. */
function secretOf(text: string, { cwd, env }: Context): ImageBuild["secrets"][number] {
  const given = new Map(
    text.split(",").map((part): [string, string] => {
      const [key = "", value = ""] = part.split(/=(.*)/s, 2);
      return [key, value];
    }),
  );
  const id = given.get("id");
  const file = given.get("src") ?? given.get("source");
  const name = given.get("env");
  if (id === undefined || id === "")
    throw wrong(`--secret ${text} has no id`, "write id=NAME,src=FILE or id=NAME,env=NAME");
  if (file !== undefined) return { id, file: resolve(cwd, file) };
  const value = env[name ?? id];
  if (value === undefined)
    throw wrong(`the secret ${id} has neither a file nor a variable ${name ?? id}`, "write id=NAME,src=FILE");
  return { id, value };
}

/** `default`, `id=SOCKET`. */
function agentOf(text: string, { cwd, env }: Context): ImageBuild["agents"][number] {
  const [id = "default", socket = env["SSH_AUTH_SOCK"]] = text.split(/=(.*)/s, 2);
  if (socket === undefined || socket === "")
    throw wrong(`--ssh ${text}: no agent runs`, "start one with ssh-agent, or write id=SOCKET");
  return { id, socket: resolve(cwd, socket) };
}

/** `name=FOLDER`, `name=docker-image://IMAGE`. */
function contextOf(
  text: string,
  { cwd }: Context,
): readonly [string, { folder: string } | { image: string }] {
  const [name = "", value = ""] = text.split(/=(.*)/s, 2);
  if (name === "" || value === "") throw wrong(`--build-context ${text} is written NAME=FOLDER`);
  const [, image] = /^docker-image:\/\/(.+)$/.exec(value) ?? [];
  return [name, image === undefined ? { folder: resolve(cwd, value) } : { image }];
}

function bytes(text: string): number {
  try {
    return readBytes(text);
  } catch (error) {
    throw wrong(`--shm-size: ${(error as Error).message}`);
  }
}

function wrong(message: string, next?: string): GantryError {
  return new GantryError("request.invalid", message, next === undefined ? {} : { next });
}
