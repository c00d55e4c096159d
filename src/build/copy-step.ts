import { posix } from "node:path";
import { readFileSync } from "node:fs";
import { detectCompression, MAGIC_BYTES } from "../image/compression.ts";
import { GantryError, messageOf } from "../error.ts";
import { fault, type Instruction } from "./dockerfile/instruction.ts";
import { heredocMark } from "./dockerfile/heredoc.ts";
import { plainWords } from "./dockerfile/words.ts";
import { type CopyOptions, type LooseFile, planCopy } from "./copy-plan.ts";
import { findSources, type FoundSource } from "./copy-sources.ts";
import { FileTree, type TreeEntry } from "./file-tree.ts";
import type { LayerMember } from "./layer-archive.ts";
import { readOwner } from "./users.ts";
import type { BuildWorld } from "./world.ts";
import { createReadStream, openSync, readSync, closeSync } from "node:fs";

export interface CopyRequest {
  readonly instruction: Instruction;
  /** Replaces variables in a word. */
  readonly say: (word: string) => string;
  /** Replaces variables in a here-document. */
  readonly sayDocument: (text: string) => string;
  /** Where sources are looked for, and what that is called. */
  readonly from: { readonly tree: FileTree; readonly name: string };
  /** The image so far. */
  readonly onto: FileTree;
  readonly workingFolder: string;
  /** Files keep their owners: those of other images do. */
  readonly keepOwners: boolean;
  readonly now: number;
  readonly world: BuildWorld;
  readonly signal: AbortSignal;
}

const URL = /^(?:https?|ftp):\/\//i;
const GIT = /^(?:git@|git:\/\/|ssh:\/\/)|\.git(?:#.*)?$/i;
const TAR_BLOCK = 512;
const DEFAULT_MODE = 0o644;
/** As docker has it for what comes from the network. */
const DOWNLOADED_MODE = 0o600;

/** The members of the layer that COPY or ADD makes. Throws spec.invalid, and what reading the sources throws. */
export async function copyMembers(request: CopyRequest): Promise<readonly LayerMember[]> {
  const { instruction, say, onto, from } = request;
  const { place, keyword, flags } = instruction;
  const words = instruction.json ?? plainWords(instruction.rest);
  const target = say(words.at(-1) ?? "");
  if (target === "") throw fault(place, `${keyword} has an empty target`);
  const given = words.slice(0, -1);
  const documents = new Map(instruction.heredocs.map((one) => [one.name, one]));
  const flag = (name: string): string | undefined => flags.find((one) => one.name === name)?.value;
  const linked = flag("link") === "true";

  const loose: LooseFile[] = [];
  const paths: string[] = [];
  for (const word of given) {
    const mark = heredocMark(word);
    const document = mark === undefined ? undefined : documents.get(mark.name);
    if (document !== undefined) {
      const text = document.expand ? request.sayDocument(document.content) : document.content;
      loose.push({
        name: document.name,
        content: Buffer.from(text),
        mode: DEFAULT_MODE,
        modifiedAt: request.now,
      });
      continue;
    }
    const source = say(word);
    if (keyword === "ADD" && GIT.test(source))
      throw fault(place, `ADD of a git repository is not built: ${source}`, "clone it into the context");
    if (keyword === "ADD" && URL.test(source))
      loose.push(await download(source, target, request, flag("checksum")));
    else paths.push(source);
  }
  const checksum = flag("checksum");
  if (checksum !== undefined && loose.length !== 1)
    throw fault(place, "--checksum is for one file from the network");
  const owner = flag("chown");
  const mode = flag("chmod");
  const options: CopyOptions = {
    target,
    workingFolder: request.workingFolder,
    onto: linked ? undefined : onto,
    keepOwners: request.keepOwners,
    exclude: flags.filter(({ name }) => name === "exclude").map(({ value }) => say(value)),
    parents: flag("parents") === "true",
    now: request.now,
    ...(owner === undefined ? {} : { owner: await readOwner(say(owner), onto, place) }),
    ...(mode === undefined ? {} : { mode: readMode(say(mode), instruction) }),
  };
  const sources = paths.length === 0 ? [] : await findSources(from.tree, paths, place, from.name);
  const archives = keyword === "ADD" ? sources.filter(({ entry }) => isUnpacked(entry, flag("unpack"))) : [];
  const rest = sources.filter((source) => !archives.includes(source));
  try {
    const members = await planCopy({ tree: from.tree, sources: rest }, loose, options).catch(
      (error: unknown) => {
        if (rest.length + loose.length === 0) return [];
        throw error;
      },
    );
    const all = new Map(
      (rest.length + loose.length === 0 ? [] : members).map((member) => [member.path, member]),
    );
    for (const archive of archives)
      for (const member of await membersOfArchive(archive, request, options)) all.set(member.path, member);
    return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  } catch (error) {
    if (error instanceof GantryError && error.code === "request.invalid")
      throw fault(place, messageOf(error));
    throw error;
  }
}

/** Octal, as chmod(1) has it. */
function readMode(text: string, { place }: Instruction): number {
  if (!/^[0-7]{3,5}$/.test(text)) throw fault(place, `--chmod is octal, such as 0755, not ${text}`);
  return parseInt(text, 8) & 0o7777;
}

/** ADD unpacks what is an archive by its content, however it is called. */
function isUnpacked({ kind, place, size }: TreeEntry, unpack: string | undefined): boolean {
  if (kind !== "file" || unpack === "false" || size < MAGIC_BYTES) return false;
  const start = Buffer.alloc(TAR_BLOCK);
  const file = openSync(place, "r");
  try {
    readSync(file, start, 0, Math.min(size, TAR_BLOCK), 0);
  } finally {
    closeSync(file);
  }
  const isTar = start.toString("latin1", 257, 262) === "ustar";
  return isTar || detectCompression(start.subarray(0, MAGIC_BYTES)) !== "none";
}

async function membersOfArchive(
  { entry }: FoundSource,
  { world, instruction }: CopyRequest,
  options: CopyOptions,
): Promise<readonly LayerMember[]> {
  const folder = await world.unpacked(createReadStream(entry.place)).catch((error: unknown) => {
    throw fault(instruction.place, `${entry.path} cannot be unpacked: ${messageOf(error)}`);
  });
  const tree = new FileTree([{ folder }]);
  const root = await tree.stat("");
  if (root === undefined) return [];
  const sources = [{ entry: root, name: "", kept: "" }];
  const target = options.target.endsWith("/") ? options.target : `${options.target}/`;
  // The folder it is unpacked into stays what it is, whatever mode a folder of our own has.
  const members = await planCopy({ tree, sources }, [], {
    ...options,
    target,
    keepOwners: true,
    parents: false,
  });
  return members;
}

async function download(
  url: string,
  target: string,
  { world, instruction, signal }: CopyRequest,
  checksum: string | undefined,
): Promise<LooseFile> {
  const { place } = instruction;
  const name = posix.basename(new globalThis.URL(url).pathname);
  if (name === "" && target.endsWith("/"))
    throw fault(place, `${url} ends in no file name: say in the target what to call it`);
  const {
    place: file,
    size,
    digest,
    modifiedAt,
  } = await world.download(url, signal).catch((error: unknown) => {
    throw fault(place, `${url}: ${messageOf(error)}`);
  });
  if (checksum !== undefined && checksum !== digest)
    throw fault(place, `${url} is not what --checksum says: ${digest}, not ${checksum}`);
  return {
    name: name === "" ? "index" : name,
    content: size === 0 ? readFileSync(file) : { place: file, size },
    mode: DOWNLOADED_MODE,
    modifiedAt: modifiedAt ?? 0,
  };
}
