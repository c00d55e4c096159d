// Builds everything: TypeScript into dist/, C into native/build/. Runs as the package's `prepare`.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function has(program) {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (error !== undefined || status !== 0) process.exit(status || 1);
}

const missing = [has("cc") ? undefined : "gcc", has("make") ? undefined : "make"].filter(Boolean);
if (missing.length > 0) {
  console.error(
    `gantry's native part needs a C compiler and make: install them with "apt-get install -y ${["libc6-dev", ...missing].join(" ")}" and run npm again.`,
  );
  process.exit(1);
}
if (!existsSync(`${root}/node_modules/typescript`)) {
  console.error('the TypeScript compiler is missing: run "npm ci" with development dependencies.');
  process.exit(1);
}
run("make", ["-C", "native", "--no-print-directory", "-j2"]);
run("node", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]);
// Only now: it needs the packages whose lack was told of above.
const { writeValidators } = await import("./validators.mjs");
writeValidators();
const { bundle } = await import("./bundle.mjs");
await bundle();
