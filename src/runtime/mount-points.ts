import { chmod, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { mountPoints } from "./places.ts";

const FOLDERS = ["dev", "etc", "proc", "sys"];
const FILES = ["etc/hosts", "etc/resolv.conf"];

/** Makes the layer of mount points, once per instance. */
export async function makeMountPoints(root: string): Promise<void> {
  const layer = mountPoints(root);
  for (const folder of ["", ...FOLDERS]) {
    await mkdir(join(layer, folder), { recursive: true });
    await chmod(join(layer, folder), 0o755); // whatever the umask
  }
  for (const name of FILES) {
    const file = await open(join(layer, name), "a");
    await file.chmod(0o644);
    await file.close();
  }
}
