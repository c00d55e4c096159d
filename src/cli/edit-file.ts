import { chmod, chown, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { GantryError, messageOf } from "../error.ts";

/**
 * Replaces a user's file with its edited text. The new text appears at once and whole (rename), keeps owner and mode,
 * and a link to the file stays a link. Throws GantryError `conflict` when the file changed while it was being edited.
 */
export async function editFile(path: string, edit: (text: string) => string): Promise<void> {
  const real = await realpath(path);
  const before = await readFile(real, "utf8");
  const after = edit(before);
  if (after === before) return;
  const { mode, uid, gid } = await stat(real);
  const temporary = `${real}.gantry-${process.pid}`;
  try {
    await writeFile(temporary, after, { flag: "wx", mode: 0o600 });
    await chown(temporary, uid, gid);
    await chmod(temporary, mode & 0o7777);
    if ((await readFile(real, "utf8")) !== before)
      throw new GantryError("conflict", `${path} was changed by somebody else in this moment`, {
        next: "try again",
      });
    await rename(temporary, real);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof GantryError) throw error;
    throw new GantryError("permission", `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}
