import { lstat, realpath, stat } from "node:fs/promises";
import { posix, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { create, extract } from "tar";
import { GantryError } from "../../error.ts";
import { segment, type Client } from "../client.ts";
import {
  type CopyTarget,
  copyTarget,
  type Endpoint,
  endpoint,
  type Found,
  isContents,
  lastName,
  renamed,
} from "../copy-target.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { writeAll } from "../write-all.ts";

export interface CpOptions {
  /** Copy what a link leads to, and not the link. */
  readonly followLink?: boolean;
  /** Keep owners (into a container they always are). */
  readonly archive?: boolean;
  readonly quiet?: boolean;
}

/** Engine API, X-Docker-Container-Path-Stat. */
interface PathStat {
  readonly mode: number;
  readonly linkTarget: string;
}

/** Of Go's `os.FileMode`. */
const FOLDER = 2 ** 31;
const TAR = { "Content-Type": "application/x-tar" };

/** `gantry cp SOURCE TARGET`: between this machine and a container, `-` for an archive on standard input or output. */
export async function cp(context: Context, from: string, to: string, options: CpOptions): Promise<number> {
  const [source, target] = [endpoint(from), endpoint(to)];
  if ((source.container === undefined) === (target.container === undefined))
    throw new GantryError("request.invalid", "one side of a copy is a container, and only one", {
      next: "write it as CONTAINER:PATH",
    });
  const client = await connect(context);
  if (source.container === undefined) await upload(context, client, source, target, options);
  else await download(context, client, source, target, options);
  return 0;
}

async function upload(
  context: Context,
  client: Client,
  source: Endpoint,
  target: Endpoint,
  options: CpOptions,
): Promise<void> {
  const query = { noOverwriteDirNonDir: true };
  if (source.path === "-") {
    if (context.stdin.isTTY) throw new GantryError("request.invalid", "there is no archive to read");
    await client.text("PUT", archivePath(target), {
      query: { ...query, path: target.path },
      upload: context.stdin,
      headers: TAR,
    });
    return;
  }
  const path = await localSource(resolveHere(context, source.path), options);
  const folder = (await stat(path)).isDirectory();
  const place = await inContainer(client, target);
  const { folder: into, name } = copyTarget({ path: source.path, folder }, place);
  const contents = isContents(source.path);
  const base = contents ? "." : posix.basename(path);
  const archive = create(
    {
      cwd: contents ? path : posix.dirname(path),
      // What has the same name as a tape drive's flag is still a file.
      onWriteEntry: (entry) => {
        entry.path = renamed(entry.path.replace(/\/$/, ""), base, name);
      },
    },
    [base.startsWith("@") ? `./${base}` : base],
  );
  await client.text("PUT", archivePath(target), {
    query: { ...query, path: into },
    upload: Readable.from(archive, { objectMode: false }),
    headers: TAR,
  });
}

async function download(
  context: Context,
  client: Client,
  source: Endpoint,
  target: Endpoint,
  options: CpOptions,
): Promise<void> {
  const found = await statOf(client, source);
  const path = options.followLink === true && found.linkTarget !== "" ? found.linkTarget : source.path;
  const archive = client.stream("GET", archivePath(source), { query: { path } });
  if (target.path === "-") {
    for await (const chunk of archive) await writeAll(context.stdout, chunk);
    return;
  }
  const folder = path === source.path ? isFolder(found) : isFolder(await statOf(client, { ...source, path }));
  const here = resolveHere(context, target.path);
  const place = copyTarget({ path: source.path, folder }, { path: here, found: await foundHere(here) });
  await unpackHere(archive, lastName(path), place, options);
}

async function unpackHere(
  archive: AsyncIterable<Uint8Array>,
  base: string,
  { folder, name }: CopyTarget,
  options: CpOptions,
): Promise<void> {
  const target = await foundHere(folder);
  if (target?.folder !== true) throw new GantryError("request.invalid", `there is no folder ${folder}`);
  await pipeline(
    archive,
    extract({
      cwd: folder,
      preserveOwner: options.archive === true,
      strict: true,
      filter: (_path, entry) => {
        if ("header" in entry) entry.path = renamed(entry.path.replace(/\/$/, ""), base, name);
        return true;
      },
    }),
  );
}

/** An absolute path that keeps what its end says: `dir/` and `dir/.`. */
function resolveHere(context: Context, path: string): string {
  const end = /\/\.?$/.exec(path)?.[0] ?? "";
  return `${resolve(context.cwd, path)}${path === "/" ? "" : end}`;
}

async function localSource(path: string, { followLink }: CpOptions): Promise<string> {
  const clean = path.replace(/\/\.?$/, "") || "/";
  try {
    const through = followLink === true || clean !== path;
    if ((await lstat(clean)).isSymbolicLink()) return through ? await realpath(clean) : clean;
    return clean;
  } catch (cause) {
    throw new GantryError("request.invalid", `cannot read ${clean}: there is no such file`, { cause });
  }
}

async function foundHere(path: string): Promise<Found | undefined> {
  return await stat(path).then(
    (status) => ({ folder: status.isDirectory() }),
    () => undefined,
  );
}

/** What is at a target in a container; a link there is followed once, as docker's client does. */
async function inContainer(
  client: Client,
  target: Endpoint,
): Promise<{ readonly path: string; readonly found: Found | undefined }> {
  const { path } = target;
  try {
    const stated = await statOf(client, target);
    if (stated.linkTarget === "") return { path, found: { folder: isFolder(stated) } };
    const led = await statOf(client, { ...target, path: stated.linkTarget });
    return { path: stated.linkTarget, found: { folder: isFolder(led) } };
  } catch (error) {
    if (error instanceof GantryError && error.code === "path.not-found") return { path, found: undefined };
    throw error;
  }
}

function isFolder({ mode }: PathStat): boolean {
  return Math.floor(mode / FOLDER) % 2 === 1;
}

async function statOf(client: Client, side: Endpoint): Promise<PathStat> {
  const headers = await client.headers(archivePath(side), { query: { path: side.path } });
  const text = Buffer.from(String(headers["x-docker-container-path-stat"]), "base64").toString("utf8");
  return JSON.parse(text) as PathStat;
}

function archivePath({ container = "" }: Endpoint): string {
  return `/containers/${segment(container)}/archive`;
}
