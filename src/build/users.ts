import { readFileSync } from "node:fs";
import { fault, type Place } from "./dockerfile/instruction.ts";
import type { FileTree } from "./file-tree.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const LARGEST_ID = 0xfffffffe;
/** Bytes of /etc/passwd that are read: an image's, which anybody may have written. */
const LARGEST_FILE = 1024 * 1024;

/**
 * Reads `user`, `user:group`, `1000:100` with the names that the image has (passwd(5), group(5)). Without a group it is the
 * number of the user, as docker has it for --chown. Throws spec.invalid for a name the image does not have.
 */
export async function readOwner(text: string, tree: FileTree, place: Place): Promise<Owner> {
  const [user = "", group] = text.split(":");
  const account = /^\d+$/.test(user) ? undefined : await lookUp(tree, "etc/passwd", user);
  const uid = idOf(user) ?? idOf(account?.[2] ?? "");
  if (uid === undefined) throw fault(place, `there is no user ${user} in the image`, "give its number");
  if (group === undefined || group === "") return { uid, gid: idOf(account?.[3] ?? "") ?? uid };
  const gid = idOf(group) ?? idOf((await lookUp(tree, "etc/group", group))?.[2] ?? "");
  if (gid === undefined) throw fault(place, `there is no group ${group} in the image`, "give its number");
  return { uid, gid };
}

function idOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= LARGEST_ID ? Number(text) : undefined;
}

/** The fields of the line that begins with a name. */
async function lookUp(tree: FileTree, path: string, name: string): Promise<readonly string[] | undefined> {
  const { entry } = await tree.resolve(path);
  if (entry?.kind !== "file" || entry.size > LARGEST_FILE) return undefined;
  return readFileSync(entry.place, "utf8")
    .split("\n")
    .map((line) => line.trim().split(":"))
    .find(([first]) => first === name);
}
