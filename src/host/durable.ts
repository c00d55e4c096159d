import { closeSync, constants, fsync, open as openFile, write } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { Coalesce } from "./coalesce.ts";

const { O_CREAT, O_DSYNC, O_EXCL, O_WRONLY } = constants;

// Plain descriptors: a record is written for every start, and a FileHandle costs more than what is done with it.
const openDescriptor = promisify(openFile);
const writeDescriptor = promisify(write);
const syncDescriptor = promisify(fsync);

let counter = 0;

/** A hundred files replaced at once in one folder share a few syncs of it. */
const folders = new Coalesce(async (path) => {
  const folder = await openDescriptor(path, "r");
  try {
    await syncDescriptor(folder);
  } finally {
    closeSync(folder);
  }
});

/**
 * Replaces a file atomically and durably: write a sibling through to the disk, rename it over, sync the folder.
 * A crash at any instant leaves either the old content or the new. Mode 0600.
 */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  counter += 1;
  const temporary = `${path}.${process.pid}.${counter}.tmp`;
  try {
    // O_DSYNC: every write is on the disk when it returns, with the size that makes it readable (open(2)).
    const file = await openDescriptor(temporary, O_WRONLY | O_CREAT | O_EXCL | O_DSYNC, 0o600);
    try {
      await writeAll(file, typeof content === "string" ? Buffer.from(content) : content);
    } finally {
      closeSync(file);
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeAll(file: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await writeDescriptor(file, bytes, at)).bytesWritten;
}

/** Makes the names inside a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  await folders.request(path);
}

/** Replaces a file with a value as JSON, as replaceFile does. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await replaceFile(path, `${JSON.stringify(value)}\n`);
}

/** The JSON value in a file; undefined when there is no such file. Throws SyntaxError for anything that is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
