import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { planHostImage } from "./host-plan.ts";
import type { HostEntry } from "./host-plan.ts";
import { DEFAULT_PATH } from "./image.ts";
import type { Image } from "./image.ts";
import { machinePlatform } from "./platform.ts";
import { namesIn, publishFolder, removeTree, temporaryFolder } from "./layout.ts";

/**
 * The image `host`: programs of this machine, run in isolation. Its layer is a small tree of our own (mount points and
 * a minimal /etc), over which the runtime binds the host's /usr read-only. Nothing of /home, /root or /var is in it.
 *
 * The layer lies at `<root>/host-image/<boot>-<version>`. A version that running containers may still use is kept
 * until the machine has booted again; being made anew at each boot it needs no fsync either.
 */
export async function openHostImage(options: {
  readonly root: string;
  readonly hostRoot: string;
}): Promise<Image> {
  const { hostRoot } = options;
  const parent = join(options.root, "host-image");
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const plan = await planHostImage(hostRoot);
  const boot = await bootId();
  const version = createHash("sha256")
    .update(JSON.stringify([hostRoot, plan]))
    .digest("hex")
    .slice(0, 16);
  const name = `${boot}-${version}`;
  for (const other of await namesIn(parent)) {
    if (!other.startsWith(`${boot}-`)) await removeTree(join(parent, other));
  }
  const layer = join(parent, name);
  const existing = await stat(layer).catch(() => undefined);
  if (existing === undefined) {
    const temporary = await temporaryFolder(parent);
    await chmod(temporary, 0o755);
    await build(hostRoot, temporary, plan.entries);
    if (!(await publishFolder(temporary, name, parent))) await removeTree(temporary);
  }
  return {
    id: "host",
    references: ["host:latest"],
    digests: [],
    platform: machinePlatform(),
    createdAt: Math.floor((existing ?? (await stat(layer))).mtimeMs),
    sizeBytes: 0,
    layers: [layer],
    config: { cmd: ["/bin/sh"], env: [`PATH=${DEFAULT_PATH}`], labels: {}, exposedPorts: [] },
    hostMounts: plan.shown.map((path) => ({ source: join(hostRoot, path), target: `/${path}` })),
  };
}

/** Differs after each boot; 8 digits are enough to tell one from the next. */
async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).slice(0, 8);
}

async function build(hostRoot: string, target: string, entries: readonly HostEntry[]): Promise<void> {
  for (const entry of entries) {
    const path = join(target, entry.path);
    switch (entry.kind) {
      case "folder":
        await mkdir(path);
        await chmod(path, entry.mode);
        break;
      case "link":
        await symlink(entry.target, path);
        break;
      case "file":
        await writeFile(path, entry.content);
        await chmod(path, 0o644);
        break;
      case "copy":
        await copyIfThere(join(hostRoot, entry.path), path, entry.mode);
        break;
    }
  }
}

/** The host's package manager may remove a file between the plan and the copy; the next start makes a new version. */
async function copyIfThere(from: string, to: string, mode: number): Promise<void> {
  try {
    await copyFile(from, to);
    await chmod(to, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
