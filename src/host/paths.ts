import { join } from "node:path";

/**
 * Where one instance of gantry keeps everything it writes. Durable facts lie under `root`; what only matters
 * until the next boot lies under `run`. Any number of instances can run side by side.
 */
export interface InstancePaths {
  readonly root: string;
  readonly run: string;
  /** The API's socket, mode 0600. */
  readonly socket: string;
}

export const DEFAULT_ROOT = "/var/lib/gantry";
export const DEFAULT_RUN = "/run/gantry";

/** The paths of an instance, from flags, else from GANTRY_ROOT and GANTRY_RUN, else the defaults. */
export function instancePaths(
  flags: { readonly root?: string; readonly run?: string },
  env: Readonly<Record<string, string | undefined>>,
): InstancePaths {
  const root = flags.root ?? env["GANTRY_ROOT"] ?? DEFAULT_ROOT;
  const run = flags.run ?? env["GANTRY_RUN"] ?? DEFAULT_RUN;
  return { root, run, socket: join(run, "gantry.sock") };
}
