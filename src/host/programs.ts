import { packageFile } from "../package-file.ts";

/** Path of one of the native programs. */
export function programPath(
  name:
    | "gantry-launcher"
    | "gantry-oneshot"
    | "gantry-proxy"
    | "gantry-applier"
    | "gantry-archiver"
    | "gantry-prober",
): string {
  return packageFile(`native/build/${name}`);
}
