import { basename, join } from "node:path";
import { type CgroupParent, unifiedMount } from "./cgroup.ts";

/**
 * Where an instance's containers can be frozen. `own`: in the cgroup each has anyway (v2); else in one that is made
 * when it is first needed, since to join a hierarchy costs every start and few containers are ever frozen.
 */
export interface FreezerLayout {
  readonly version: 1 | 2;
  readonly own: boolean;
  /** The folder under which each container has, or gets, its cgroup. */
  readonly parent: string;
}

/**
 * Pure: the best freezer from the text of /proc/self/mountinfo and the instance's cgroups; undefined when there is none.
 * v2 goes first even where it has no controllers: unlike v1's, its frozen processes can be killed (cgroups(7)).
 */
export function freezerLayout(
  mountinfo: string,
  cgroups: readonly CgroupParent[],
): FreezerLayout | undefined {
  const [first] = cgroups;
  if (first === undefined) return undefined;
  const unified = cgroups.find(({ version }) => version === 2);
  if (unified !== undefined) return { version: 2, own: true, parent: unified.path };
  const name = basename(first.path);
  const hybrid = unifiedMount(mountinfo);
  if (hybrid !== undefined) return { version: 2, own: false, parent: join(hybrid, name) };
  const mount = freezerMount(mountinfo);
  return mount === undefined ? undefined : { version: 1, own: false, parent: join(mount, name) };
}

/** Where the freezer controller of v1 is mounted. */
function freezerMount(mountinfo: string): string | undefined {
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const [type, , options] = after?.split(" ") ?? [];
    if (type === "cgroup" && options?.split(",").includes("freezer") === true) return before?.split(" ")[4];
  }
  return undefined;
}
