// Runs a benchmark in pid, mount and network namespaces of its own: all contestants see the same empty network, nothing
// touches the machine's firewall, bridges or /etc, and whatever ends the benchmark, the kernel ends all it started.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const CGROUPS = "/sys/fs/cgroup";
const PATIENCE_MS = 30_000;

/** /run and /etc are private as well: dockerd looks for a containerd in the one and writes a key into the other. */
const SET_UP = `
mount -t tmpfs -o mode=755 run /run &&
mkdir -p "$GANTRY_BENCH_BASE/etc/upper" "$GANTRY_BENCH_BASE/etc/work" &&
mount -t overlay -o "lowerdir=/etc,upperdir=$GANTRY_BENCH_BASE/etc/upper,workdir=$GANTRY_BENCH_BASE/etc/work" etc /etc &&
ip link set lo up || exit 1
"$@"
exit $?`; // the shell stays, as the process 1 that reaps

/** Name of the cgroup that the benchmark `base` gives to its contestants. */
export function cgroupName(base) {
  return basename(base);
}

/** Where gantry's run folder is: on a tmpfs, as /run/gantry is, but never under that name, which names cgroups too. */
export function runFolder(base) {
  return join("/run", basename(base));
}

/** Runs `node ARGS...` inside; returns its exit status. GANTRY_BENCH_BASE names a folder that is removed afterwards. */
export async function enclosed(args) {
  if (process.getuid() !== 0) {
    console.error("this benchmark starts containers: it needs root");
    return 1;
  }
  if (!existsSync(fileURLToPath(new URL("../dist/cli/main.js", import.meta.url)))) {
    console.error("gantry is not built: npm run build");
    return 1;
  }
  const make = spawnSync("make", ["-s", "-C", fileURLToPath(new URL(".", import.meta.url))], {
    stdio: "inherit",
  });
  if (make.status !== 0) return 1;
  const base = realpathSync(mkdtempSync(join(tmpdir(), "gantry-bench-")));
  const flags = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const child = spawn("unshare", [...flags, "sh", "-c", SET_UP, "sh", process.execPath, ...args], {
    env: { ...process.env, GANTRY_BENCH_BASE: base },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const interrupt = () => child.kill("SIGKILL");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, interrupt);
  const status = await new Promise((resolve) => {
    child.on("error", (error) => resolve(console.error(`unshare: ${error.message}`) ?? 1));
    child.on("exit", (code) => resolve(code ?? 130));
  });
  await sweep(base);
  return status;
}

/** Namespaces are gone with their processes; cgroups and folders are not. */
async function sweep(base) {
  const digest = createHash("sha256").update(runFolder(base)).digest("hex");
  const names = [cgroupName(base), `gantry-${digest.slice(0, 12)}`];
  const hierarchies = [CGROUPS, ...folders(CGROUPS)];
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const left = hierarchies.flatMap((path) => names.map((name) => join(path, name))).filter(existsSync);
    for (const path of left) removeCgroup(path);
    const stuck = left.filter(existsSync);
    if (stuck.length === 0) break;
    if (Date.now() > deadline) {
      console.error(`left behind: ${stuck.join(" ")}`);
      break;
    }
    await delay(50);
  }
  rmSync(base, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

function removeCgroup(path) {
  try {
    for (const folder of folders(path)) removeCgroup(folder);
    rmdirSync(path);
  } catch {
    // Busy while the last process is on its way out: the next round gets it.
  }
}

function folders(path) {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(path, name));
}
