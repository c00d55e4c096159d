import { spawn } from "node:child_process";
import { GantryError, messageOf } from "../error.ts";

/** What the archiver reads: folders over each other, the topmost first, or the root of a process as it sees it. */
export type ArchiveSource =
  | { readonly folders: readonly string[] }
  /** `startTime` in clock ticks since boot, proc_pid_stat(5) field 22. */
  | { readonly process: { readonly pid: number; readonly startTime: number } };

export interface ArchiveOptions {
  /** Path of gantry-archiver. */
  readonly archiver: string;
  /** Where relative folders are found: long paths cannot be laid over each other. */
  readonly cwd?: string;
  /** The one folder is overlayfs's upper one: whiteouts and opaque folders are written as layers have them (layer.md). */
  readonly changes?: boolean;
  /** First of the host's 65,536 ids that are 0 to 65535 in the archive. */
  readonly idsFrom?: number;
  /** Only what lies at this absolute path, under its last component's name (`./` for a folder given as `…/.`). */
  readonly path?: string;
  readonly signal?: AbortSignal;
}

export interface Change {
  readonly kind: "added" | "changed" | "deleted";
  /** Absolute. */
  readonly path: string;
}

/**
 * An uncompressed PAX tar of a tree; the same tree gives the same bytes. Throws path.not-found where there is nothing
 * at the path, container.not-running for a process that is gone, kernel for what cannot be read; the signal's reason
 * when aborted. Ending the iteration ends the archiver.
 */
export async function* archive(
  source: ArchiveSource,
  options: ArchiveOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { changes, idsFrom, path } = options;
  yield* run(
    [
      ...(changes === true ? ["--changes"] : []),
      ...(idsFrom === undefined ? [] : ["--ids-from", String(idsFrom)]),
      ...(path === undefined ? [] : ["--path", path]),
      ...("folders" in source
        ? ["--", ...source.folders]
        : ["--process", String(source.process.pid), String(source.process.startTime)]),
    ],
    options,
  );
}

/** What the first folder, an upper one of overlayfs, changes of those below it, sorted by path. Throws as archive does. */
export async function listChanges(
  folders: readonly string[],
  options: Pick<ArchiveOptions, "archiver" | "cwd" | "signal">,
): Promise<readonly Change[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of run(["--list", "--", ...folders], options)) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString("utf8").split("\0").slice(0, -1);
  return lines.map((line) => ({ kind: KINDS[line[0] ?? ""] ?? "changed", path: line.slice(1) }));
}

const KINDS: Readonly<Record<string, Change["kind"]>> = { A: "added", C: "changed", D: "deleted" };

async function* run(
  args: readonly string[],
  { archiver, cwd, signal }: Pick<ArchiveOptions, "archiver" | "cwd" | "signal">,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  const child = spawn(archiver, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: {},
    ...(cwd === undefined ? {} : { cwd }),
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (said.length < 4096) said += text;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code));
  });
  ended.catch(() => undefined); // awaited below, unless reading fails first
  const stop = (): void => void child.kill("SIGKILL");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of child.stdout) yield chunk as Uint8Array;
    const code = await ended.catch((cause: unknown) => {
      throw new GantryError("internal", `cannot run the archiver: ${messageOf(cause)}`, {
        next: "build gantry's native programs: npm run build",
        cause,
      });
    });
    signal?.throwIfAborted();
    if (code !== 0) throw failure(said);
  } finally {
    signal?.removeEventListener("abort", stop);
    child.kill("SIGKILL");
  }
}

function failure(said: string): GantryError {
  const line = (said.split("\n")[0] ?? "").replace(/^archiver: /, "");
  if (line.startsWith("cannot find the path"))
    return new GantryError(
      "path.not-found",
      line.replace("cannot find the path: ", "the path cannot be read: "),
    );
  if (line.includes("cannot open the process's root"))
    return new GantryError("container.not-running", "the container is not running any more");
  return new GantryError("kernel", `the files cannot be archived: ${line || "the archiver was ended"}`);
}
