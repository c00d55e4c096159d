import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runFolder } from "./places.ts";

/**
 * A container that stands still for something of ours, and not because somebody wants it to: a daemon that dies in
 * between lets it go on at its next start.
 */
export async function hold(run: string, id: string): Promise<void> {
  await writeFile(heldFile(run, id), "");
}

export async function release(run: string, id: string): Promise<void> {
  await rm(heldFile(run, id), { force: true });
}

export async function isHeld(run: string, id: string): Promise<boolean> {
  return await stat(heldFile(run, id)).then(
    () => true,
    () => false,
  );
}

function heldFile(run: string, id: string): string {
  return join(runFolder(run, id), "held");
}
