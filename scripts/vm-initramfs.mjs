// The guest's first file system, in memory: busybox, the few modules that reach this machine's root, and the job.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Not built into the kernel, and needed before its modules' folder can be seen. */
const MODULES = ["virtio_pci", "virtiofs", "overlay"];

/** Builds it below `scratch`; returns its path. `job` becomes shell variables that test/vm/guest.sh reads. */
export function buildInitramfs({ scratch, kernel, busybox, firstProgram, job }) {
  const root = join(scratch, "initramfs");
  for (const folder of ["bin", "proc", "sys", "dev", "host", "changes", "root"])
    mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(busybox, join(root, "bin/busybox"));
  copyFileSync(firstProgram, join(root, "init"));
  chmodSync(join(root, "init"), 0o755);
  const needed = modulesWithDependencies(kernel.modules);
  for (const path of needed) {
    const copy = join(root, "modules", path);
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(join(kernel.modules, path), copy);
  }
  writeFileSync(join(root, "load-order"), needed.map((path) => `/modules/${path}\n`).join(""));
  writeFileSync(join(root, "job"), jobText(job));
  const archive = `${root}.cpio.gz`;
  execFileSync(
    busybox,
    ["sh", "-c", `busybox find . | busybox cpio -o -H newc | busybox gzip -1 >"$0"`, archive],
    {
      cwd: root,
      stdio: ["ignore", "inherit", "pipe"],
    },
  );
  return archive;
}

/** Paths of MODULES and what they need, in the order to load them; modules.dep lists a module's needs, nearest first. */
function modulesWithDependencies(folder) {
  const needs = new Map();
  for (const line of readFileSync(join(folder, "modules.dep"), "utf8").split("\n")) {
    const [path, rest = ""] = line.split(":");
    needs.set(path, rest.split(" ").filter(Boolean));
  }
  const ordered = new Set();
  const visit = (path) => {
    for (const need of needs.get(path) ?? []) if (!ordered.has(need)) visit(need);
    ordered.add(path);
  };
  for (const name of MODULES) {
    const path = [...needs.keys()].find((key) => key.endsWith(`/${name}.ko`));
    if (path !== undefined) visit(path); // else it is built in
  }
  return [...ordered];
}

function jobText(job) {
  const quote = (value) => `'${String(value).replaceAll("'", String.raw`'\''`)}'`;
  return [
    ...Object.entries(job)
      .filter(([, value]) => !Array.isArray(value))
      .map(([name, value]) => `${name}=${quote(value)}\n`),
    `set -- ${job.arguments.map(quote).join(" ")}\n`,
  ].join("");
}
