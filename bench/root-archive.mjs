// The root file system that every contestant gets: Debian's static busybox and nothing else.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const BUSYBOX = ["/bin/busybox", "/usr/bin/busybox"];

/** Makes the folder `root` and `root.tar` of it below `base`; `programs` (absolute paths) go into its /bin. */
export function makeRoot(base, programs = []) {
  const busybox = BUSYBOX.find(existsSync);
  if (busybox === undefined) throw new Error("no busybox here: apt-get install -y busybox-static");
  const root = join(base, "root-files");
  for (const folder of ["bin", "dev", "etc", "proc", "sys", "tmp"])
    mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(busybox, join(root, "bin/busybox"));
  for (const name of ["sh", "sleep", "true"]) symlinkSync("busybox", join(root, "bin", name));
  for (const program of programs) copyFileSync(program, join(root, "bin", program.split("/").at(-1)));
  const archive = join(base, "root.tar");
  const { status } = spawnSync("tar", ["-C", root, "-cf", archive, "."], { stdio: "inherit" });
  if (status !== 0) throw new Error("tar failed");
  return { root, archive };
}
