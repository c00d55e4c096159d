// The import arrows of the design: a folder of src/ may import only what stands after it here.
// The files that lie in src/ itself every room may import.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const ARROWS = {
  host: [],
  spec: [],
  runtime: ["host"],
  image: ["host"],
  registry: ["host", "image"],
  net: ["host"],
  build: ["host", "image", "runtime", "spec"],
  observe: ["host", "runtime", "image", "net", "spec"],
  reconcile: ["type:spec", "type:observe", "type:runtime", "type:net"],
  apply: ["host", "runtime", "image", "registry", "net", "reconcile", "observe", "spec"],
  daemon: ["host", "runtime", "image", "registry", "net", "build", "observe", "reconcile", "apply", "spec"],
  oci: ["host", "runtime", "net"],
  cli: [
    "host",
    "oci",
    "spec",
    "registry",
    "build",
    "type:daemon",
    "type:reconcile",
    "type:observe",
    "type:runtime",
    "type:image",
  ],
};
const FOR_ALL = new Set(["error.ts", "package-file.ts"]);
/** The planner is a pure function: no clock, no file, no process. */
const PURE = new Set(["reconcile"]);

const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm;
const problems = [];

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (path.endsWith(".ts")) yield path;
  }
}

for (const file of files("src")) {
  const room = relative("src", file).split("/")[0];
  const allowed = ARROWS[room];
  if (allowed === undefined) {
    if (!FOR_ALL.has(room)) problems.push(`${file}: no arrows are declared for this place`);
    continue;
  }
  for (const [, typeOnly, target] of readFileSync(file, "utf8").matchAll(IMPORT)) {
    if (target.startsWith("node:") && PURE.has(room))
      problems.push(`${file}: ${room} is pure and may not import ${target}`);
    if (!target.startsWith(".")) continue;
    const to = relative("src", resolve(dirname(file), target)).split("/")[0];
    if (to === room || FOR_ALL.has(to) || to.startsWith("..")) continue;
    const ok = allowed.includes(to) || (typeOnly && allowed.includes(`type:${to}`));
    if (!ok) problems.push(`${file}: ${room} may not import ${typeOnly ? "types of " : ""}${to} (${target})`);
  }
}
for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);
