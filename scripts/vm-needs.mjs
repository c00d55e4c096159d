// What the virtual machine needs of this one.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Says why nothing was run; its message tells what to do about it. */
export class NotRun extends Error {}

/** Debian keeps virtiofsd outside of PATH. */
const FOLDERS = [...(process.env.PATH ?? "").split(delimiter), "/usr/lib/qemu", "/usr/libexec", "/usr/sbin"];

function find(name) {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Paths of the programs by name; throws NotRun, naming every package that is missing at once. */
export function requirePrograms() {
  if (process.arch !== "x64")
    throw new NotRun(`it boots an x86_64 kernel, and this machine is ${process.arch}`);
  if (process.getuid() !== 0) throw new NotRun("the guest reads this machine's files as root: try sudo");
  const programs = {
    qemu: find("qemu-system-x86_64"),
    virtiofsd: find("virtiofsd"),
    busybox: find("busybox"),
    unshare: find("unshare"),
  };
  const packages = {
    qemu: "qemu-system-x86",
    virtiofsd: "qemu-system-common",
    busybox: "busybox-static",
    unshare: "util-linux",
  };
  const missing = Object.keys(programs).filter((name) => programs[name] === undefined);
  if (missing.length > 0)
    throw new NotRun(
      `missing: ${missing.join(", ")}. Try: apt-get install -y --no-install-recommends ${missing.map((name) => packages[name]).join(" ")}`,
    );
  return programs;
}
