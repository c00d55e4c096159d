import { GantryError } from "../error.ts";
import type { Launcher } from "./launcher.ts";
import { PlanWriter } from "./plan/encode.ts";
import { SLOT } from "./plan/operation.ts";

/** What file systems that know no such attribute answer. */
const NOT_HERE = ["ENOTTY", "EOPNOTSUPP", "EINVAL", "EPERM", "ENOSYS"];

/**
 * Tells the file system that the containers' folders have nothing to do with each other. On ext4 a start that follows
 * the removal of many containers otherwise spends most of its time on looking for free inodes among those just deleted.
 * A file system that cannot be told is none the worse.
 */
export async function spreadContainers(launcher: Launcher): Promise<void> {
  const plan = new PlanWriter().add("spread", SLOT.root, "containers").bytes();
  await launcher.execute(plan, NOT_HERE).catch((error: unknown) => {
    if (!(error instanceof GantryError)) throw error;
  });
}
