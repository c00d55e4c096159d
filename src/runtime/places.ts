import { join } from "node:path";

/**
 * The part of an id that names a container's cgroup and its run folder: unique enough, and short, since the path of a
 * unix socket holds 107 bytes (unix(7)).
 */
export function shortId(id: string): string {
  return id.slice(0, 24);
}

/** Where a container's shim keeps its socket and leaves the exit status. */
export function runFolder(run: string, id: string): string {
  return join(run, "containers", shortId(id));
}

/**
 * A layer below every image, with the folders and files that are mounted over: an image without them gets them from
 * here, and no container has to make them in a layer of its own.
 */
export function mountPoints(root: string): string {
  return join(root, "mount-points");
}

export function shimSocket(run: string, id: string): string {
  return join(runFolder(run, id), "shim.sock");
}

/** The longest run folder, in bytes, below which every socket of an instance can be reached. */
export const LONGEST_RUN_FOLDER = 107 - "/containers/".length - 24 - "/shim.sock".length;
