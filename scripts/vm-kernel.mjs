// Debian's cloud kernel, unpacked into a cache folder: nothing is installed on this machine.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { NotRun } from "./vm-needs.mjs";

const META_PACKAGE = "linux-image-cloud-amd64";

/** Of the kernel in the cache, fetched if it is not there: its release, its image and its folder of modules. */
export function findKernel(cache, busybox) {
  mkdirSync(cache, { recursive: true });
  const name = packageName();
  const folder = name === undefined ? newest(cache) : join(cache, name);
  if (folder === undefined)
    throw new NotRun(`apt knows no ${META_PACKAGE}, and no kernel is in ${cache}. Try: apt-get update`);
  if (!existsSync(folder)) fetchKernel(cache, name, folder, busybox);
  const [release] = readdirSync(join(folder, "lib/modules"));
  return {
    release,
    image: join(folder, `boot/vmlinuz-${release}`),
    modules: join(folder, "lib/modules", release),
  };
}

/** The package of the current kernel, which the meta package only points to. */
function packageName() {
  try {
    const said = execFileSync("apt-cache", ["depends", META_PACKAGE], { encoding: "utf8", stdio: "pipe" });
    return /Depends: (linux-image-\S+)/.exec(said)?.[1];
  } catch {
    return undefined;
  }
}

function newest(cache) {
  const name = readdirSync(cache)
    .filter((entry) => /^linux-image-[^.]+\.[^.]+\.[^.]+-amd64$/.test(entry))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .at(-1);
  return name === undefined ? undefined : join(cache, name);
}

function fetchKernel(cache, name, folder, busybox) {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial);
  try {
    console.error(`fetching ${name} ...`);
    execFileSync("apt-get", ["download", "-qq", "-o", "APT::Sandbox::User=root", name], {
      cwd: partial,
      stdio: ["ignore", "inherit", "inherit"],
    });
    const archive = join(partial, readdirSync(partial)[0] ?? "");
    execFileSync("dpkg-deb", ["-x", archive, partial]);
    rmSync(archive);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw new NotRun(`${name} cannot be had: ${error.message.split("\n")[0]}. Try: apt-get update`);
  }
  // The package's own install script would do this.
  const [release] = readdirSync(join(partial, "lib/modules"));
  execFileSync(busybox, ["depmod", "-b", partial, release]);
  renameSync(partial, folder);
}
