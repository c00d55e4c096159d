// Runs the scenarios: real containers, so root. Without it they are not run, and that is said loudly and is a failure
// wherever somebody counts on them (CI=1).
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

if (process.getuid() !== 0) {
  console.error(
    "\n*** SCENARIOS NOT RUN: they start real containers and need root. Try: sudo npm test ***\n",
  );
  process.exit(process.env.CI ? 1 : 0);
}
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "--project", "scenario", ...process.argv.slice(2)],
  { cwd: fileURLToPath(new URL("..", import.meta.url)), stdio: "inherit" },
);
process.exit(status ?? 1);
