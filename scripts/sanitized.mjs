// Runs scenarios against the native programs built with the address and undefined-behaviour sanitizers. Production code
// knows no such switch: what it needs is laid out in a folder of its own as in the checkout, with those programs in place.
//   node scripts/sanitized.mjs [test/scenario/container.test.ts ...]
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const place = mkdtempSync(join(tmpdir(), "gantry-sanitized-"));

function run(program, args, cwd) {
  return spawnSync(program, args, { cwd, stdio: "inherit" }).status ?? 1;
}

try {
  let status = run("make", ["-C", "native", "--no-print-directory", "sanitized"], root);
  if (status === 0) {
    for (const name of [
      "dist",
      "src",
      "schema",
      "test",
      "examples",
      "package.json",
      "tsconfig.json",
      "vitest.config.ts",
    ])
      cpSync(join(root, name), join(place, name), { recursive: true });
    cpSync(join(root, "native/build/sanitized"), join(place, "native/build"), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
    status = run(
      process.execPath,
      ["node_modules/vitest/vitest.mjs", "run", "--project", "scenario", ...process.argv.slice(2)],
      place,
    );
  }
  process.exitCode = status;
} finally {
  rmSync(place, { recursive: true, force: true });
}
