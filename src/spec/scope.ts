import type { Expand } from "./resolve.ts";
import type { Tree } from "./tree.ts";
import type { Lookup } from "./variables.ts";
import type { Workspace } from "./workspace.ts";

/** What the files of one group (those of `-f`, or of one `include`) have in common. */
export interface Scope {
  readonly workspace: Workspace;
  /** Absolute path of the folder that relative paths start at. */
  readonly folder: string;
  readonly lookup: Lookup;
  readonly expanderOf: (lookup: Lookup) => Expand;
  /** Absolute paths of the files that led here by `include`, the outermost first. */
  readonly chain: readonly string[];
  /** Values of files that services extend, by absolute path; undefined for one that cannot be read. */
  readonly bases: Map<string, Promise<Tree | undefined>>;
}
