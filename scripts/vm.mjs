// Runs scenarios in a virtual machine that boots Debian's own cloud kernel with pure cgroup v2, no systemd and nothing
// else mounted: the second kind of machine gantry is for. The guest's root is this machine's own, read-only, below a
// tmpfs, so it has the same node, checkout and programs without any download or disk image.
//   node scripts/vm.mjs [test/scenario/limits.test.ts ...] [-- vitest flags]
// Emulated (TCG), so it needs no /dev/kvm; programs run some ten times slower, and the tests are told to be patient.
// Ends with vitest's own status, or with 77 where there was nothing to run it with: not run is not passed.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildInitramfs } from "./vm-initramfs.mjs";
import { findKernel } from "./vm-kernel.mjs";
import { boot } from "./vm-machine.mjs";
import { NotRun, requirePrograms } from "./vm-needs.mjs";

/** What differs with the kernel and the layout of cgroups; the rest is the same everywhere and costs minutes here. */
const SCENARIOS = [
  "cgroup-v2",
  "container",
  "limits",
  "main-job",
  "pause",
  "stopping",
  "users",
  "volumes",
  "restart-policy",
  "top-stats",
].map((name) => `test/scenario/${name}.test.ts`);
const PATIENCE = 10;

const checkout = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const wanted = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "gantry-vm-"));
try {
  const programs = requirePrograms();
  const kernel = findKernel(join(checkout, ".scratch/vm"), programs.busybox);
  const initramfs = buildInitramfs({
    scratch,
    kernel,
    busybox: programs.busybox,
    firstProgram: join(checkout, "test/vm/first.sh"),
    job: {
      checkout,
      modules: relative(checkout, kernel.modules),
      patience: PATIENCE,
      node: process.execPath,
      arguments: wanted.length > 0 ? wanted : SCENARIOS,
    },
  });
  const statusFile = await boot({ scratch, programs, kernel, initramfs });
  const said = /^status (\d+)$/m.exec(readFileSync(statusFile, "latin1"))?.[1];
  if (said === undefined)
    console.error("\n*** the virtual machine ended without saying how the tests went ***");
  process.exitCode = Number(said ?? 1);
} catch (error) {
  if (!(error instanceof NotRun)) throw error;
  console.error(`\n*** SCENARIOS ON CGROUP V2 NOT RUN: ${error.message} ***\n`);
  process.exitCode = 77;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
