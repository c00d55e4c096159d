import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { statfs } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GantryError, messageOf } from "../error.ts";
import { MAGIC_BYTES, decompressor, detectCompression } from "./compression.ts";
import type { Compression } from "./compression.ts";

/** What came out of an archive. */
export interface Unpacked {
  /** `sha256:...` of the uncompressed archive. */
  readonly diffId: string;
  /** Bytes of the uncompressed archive. */
  readonly archiveBytes: number;
  /** How the archive was packed. */
  readonly compression: Compression;
  readonly entries: number;
  /** Bytes of file data. */
  readonly bytes: number;
}

export interface UnpackOptions {
  /** Path of gantry-applier. */
  readonly applier: string;
  /** An empty folder. On any failure the caller removes it; nothing writes to it any more by then. */
  readonly folder: string;
  /** Somewhere else, with `folder` only for the room there is on its disk. */
  readonly into?: UnpackTarget;
  readonly signal?: AbortSignal;
  /** It need not outlive a power cut. */
  readonly volatile?: boolean;
  /** Most bytes of file data; less where the disk has no room for so many. */
  readonly maxBytes?: number;
}

/** A folder of a container, as the container sees it. What is there is replaced by what the archive has of that name. */
export interface UnpackTarget {
  /** Absolute path inside; links lead where they lead inside. */
  readonly path: string;
  /** The host's id of the container's root; absent where that is the host's. */
  readonly idsFrom?: number;
  /** A folder is not replaced by something else, nor the other way round. */
  readonly keepKinds: boolean;
  readonly root:
    | { readonly process: { readonly pid: number; readonly startTime: number } }
    /** Of one that does not run: overlayfs's folders below `cwd`, lower ones topmost first. */
    | {
        readonly cwd: string;
        readonly upper: string;
        readonly work: string;
        readonly lower: readonly string[];
      };
}

function placeArguments({ folder, into }: UnpackOptions): readonly string[] {
  if (into === undefined) return [folder];
  const { root, path, idsFrom, keepKinds } = into;
  return [
    "--path",
    path,
    ...(keepKinds ? ["--keep-kinds"] : []),
    ...(idsFrom === undefined ? [] : ["--ids-from", String(idsFrom)]),
    ...("process" in root
      ? ["--process", String(root.process.pid), String(root.process.startTime)]
      : ["--upper", root.upper, "--work", root.work, ...root.lower.flatMap((lower) => ["--lower", lower])]),
  ];
}

const MAX_BYTES = 64 * 1024 ** 3;

/**
 * Streams an archive (a tar, plain or gzip) through the applier into a folder. On return everything is on the disk,
 * unless it is volatile.
 * Throws image.invalid with the applier's words for a damaged or hostile archive, the body's own error when reading
 * it fails, the signal's reason when aborted.
 */
export async function unpack(body: AsyncIterable<Uint8Array>, options: UnpackOptions): Promise<Unpacked> {
  options.signal?.throwIfAborted();
  const { start, rest } = await peek(body, MAGIC_BYTES);
  const compression = detectCompression(start);
  const inflate = decompressor(compression);
  const maxBytes = Math.min(options.maxBytes ?? MAX_BYTES, await roomFor(options.folder));

  const { into } = options;
  const limits = ["--max-bytes", String(maxBytes), ...(options.volatile === true ? ["--volatile"] : [])];
  const applier = spawn(options.applier, [...placeArguments(options), ...limits], {
    stdio: ["pipe", "pipe", "pipe"],
    env: {},
    ...(into !== undefined && "cwd" in into.root ? { cwd: into.root.cwd } : {}),
  });
  const outcome = watch(applier);
  outcome.catch(() => undefined); // It is awaited below, and may reject before that.
  const hash = createHash("sha256");
  let archiveBytes = 0;
  const hashed = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      archiveBytes += chunk.length;
      done(null, chunk);
    },
  });
  const source = Readable.from(rest, { objectMode: false });
  const streams =
    inflate === undefined ? [source, hashed, applier.stdin] : [source, inflate, hashed, applier.stdin];
  const piped = await pipeline(streams, options.signal === undefined ? {} : { signal: options.signal }).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  // Whatever broke, the applier ends before the folder is given back: its input is closed, or it is killed.
  if (piped !== undefined && !isBrokenPipe(piped.error)) applier.kill("SIGKILL");
  const ended = await outcome;
  options.signal?.throwIfAborted();
  if (piped !== undefined && !isBrokenPipe(piped.error)) throw sourceError(piped.error);
  return { diffId: `sha256:${hash.digest("hex")}`, archiveBytes, compression, ...report(ended) };
}

/** Reads the first bytes, and gives back a body that still has them. */
async function peek(
  body: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ readonly start: Uint8Array; readonly rest: AsyncIterable<Uint8Array> }> {
  const iterator = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let have = 0;
  while (have < length) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    have += next.value.length;
  }
  async function* rest(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
      for (;;) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { start: Buffer.concat(chunks), rest: rest() };
}

/** An archive may not fill the disk: a tenth of what is free stays free. */
async function roomFor(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return Math.max(1, Math.min(MAX_BYTES, Math.floor(bavail * bsize * 0.9)));
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves when the process is gone and its output is read. Rejects when it could not be started. */
async function watch(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<Ended> {
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const [[code, signal], stdout, stderr] = await Promise.all([
    closed,
    text(child.stdout),
    text(child.stderr),
  ]).catch((cause: unknown) => {
    throw new GantryError("internal", `cannot run the applier: ${messageOf(cause)}`, {
      next: "build gantry's native programs: npm run build",
      cause,
    });
  });
  return { code, signal, stdout, stderr };
}

async function text(stream: Readable): Promise<string> {
  let all = "";
  for await (const chunk of stream.setEncoding("utf8")) if (all.length < 65536) all += chunk as string;
  return all.trim();
}

/** The applier closed its input: its own words say why, not ours. */
function isBrokenPipe(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === "EPIPE" || code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE";
}

function sourceError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  if (!code.startsWith("Z_")) return error;
  const what = code === "Z_BUF_ERROR" ? "it is truncated" : messageOf(error);
  return new GantryError("image.invalid", `the archive cannot be unpacked: gzip: ${what}`, { cause: error });
}

function report(ended: Ended): { readonly entries: number; readonly bytes: number } {
  if (ended.code === 0) return JSON.parse(ended.stdout) as { entries: number; bytes: number };
  if (ended.signal !== null) {
    throw new GantryError(
      "kernel",
      `the applier was ended by ${ended.signal} while it unpacked the archive`,
      {
        next: "try again; dmesg says whether the kernel ran out of memory",
      },
    );
  }
  const line = (ended.stderr.split("\n")[0] ?? "").replace(/^applier: /, "");
  if (line.includes("the applier needs root")) {
    throw new GantryError("permission", `the archive cannot be unpacked: ${line}`, {
      next: "run gantry as root",
    });
  }
  if (line.startsWith("cannot find the path"))
    throw new GantryError(
      "path.not-found",
      line.replace("cannot find the path", "the path cannot be written to"),
    );
  if (line.includes("the container's process is gone"))
    throw new GantryError("container.not-running", "the container is not running any more");
  if (/No space left on device|Disk quota exceeded/.test(line)) {
    throw new GantryError("kernel", `the archive cannot be unpacked: ${line}`, {
      next: "make room on the disk",
    });
  }
  throw new GantryError("image.invalid", `the archive cannot be used: ${line}`);
}
