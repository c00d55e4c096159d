// The virtual machine itself: a file server for this machine's root, and qemu.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const MEMORY = "3G";
const PROCESSORS = 2;
/** A guest that takes longer hangs. */
const DEADLINE_MS = 20 * 60_000;

/**
 * Boots it and waits for its end, its console on our output. Returns the file that the guest's second serial port
 * wrote: its last word.
 */
export async function boot({ scratch, programs, kernel, initramfs }) {
  const socket = join(scratch, "root.sock");
  const statusFile = join(scratch, "status");
  const log = join(scratch, "virtiofsd.log");
  const server = serveRoot(scratch, programs, socket, log);
  const ended = exited(server);
  try {
    for (const start = Date.now(); !existsSync(socket); await delay(20))
      if (server.exitCode !== null || Date.now() - start > 10_000)
        throw new Error(`virtiofsd did not come up: ${readFileSync(log, "utf8")}`);
    const qemu = spawn(programs.qemu, qemuArguments({ socket, statusFile, kernel, initramfs }), {
      stdio: ["ignore", "inherit", "inherit"],
    });
    const timer = setTimeout(() => {
      console.error(`\n*** the virtual machine did not end within ${DEADLINE_MS / 60_000} minutes ***`);
      qemu.kill("SIGKILL");
    }, DEADLINE_MS);
    await exited(qemu).finally(() => clearTimeout(timer));
  } finally {
    server.kill("SIGTERM");
    await ended;
  }
  return statusFile;
}

/**
 * The guest is root and may remount what it mounted read-only, so the server is given a read-only view in a mount
 * namespace of its own. Its lock file under /run goes there with it.
 */
function serveRoot(scratch, { unshare, virtiofsd }, socket, log) {
  const view = join(scratch, "view");
  mkdirSync(view);
  const script = [
    'mount --bind / "$1"',
    'mount -o remount,bind,ro "$1"',
    "mount -t tmpfs tmpfs /run",
    'exec "$2" --socket-path="$3" -o source="$1" -o cache=always -o log_level=warn',
  ].join(" && ");
  return spawn(
    unshare,
    ["--mount", "--propagation", "private", "sh", "-c", script, "sh", view, virtiofsd, socket],
    {
      stdio: ["ignore", openSync(log, "w"), openSync(log, "a")],
    },
  );
}

function qemuArguments({ socket, statusFile, kernel, initramfs }) {
  return [
    ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic", "none"],
    ["-machine", "q35,memory-backend=memory", "-accel", "tcg,thread=multi", "-cpu", "max,la57=off"],
    // Shared, because virtiofsd reads and writes the guest's memory.
    ["-m", MEMORY, "-object", `memory-backend-memfd,id=memory,size=${MEMORY},share=on`],
    ["-smp", String(PROCESSORS)],
    ["-chardev", `socket,id=root,path=${socket}`, "-device", "vhost-user-fs-pci,chardev=root,tag=host"],
    ["-serial", "stdio", "-serial", `file:${statusFile}`],
    ["-kernel", kernel.image, "-initrd", initramfs],
    // A panic ends the machine. Only v2: no controller may be taken by a v1 hierarchy.
    ["-append", "console=ttyS0 quiet mitigations=off nokaslr panic=-1 cgroup_no_v1=all"],
  ].flat();
}

function exited(child) {
  return new Promise((resolve, reject) => {
    child.on("exit", resolve);
    child.on("error", reject);
  });
}
