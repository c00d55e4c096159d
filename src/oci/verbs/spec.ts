import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSet, type Parsed, valueOf } from "../command-line.ts";
import { readHierarchies } from "../cgroup-folders.ts";
import { OciError } from "../oci-error.ts";

const CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

/** `spec`: a config.json to begin with, in the working directory or the bundle's. */
export async function spec(parsed: Parsed): Promise<number> {
  if (isSet(parsed, "rootless")) throw new OciError("spec --rootless is not supported");
  const path = join(valueOf(parsed, "bundle") ?? ".", "config.json");
  if (existsSync(path)) throw new OciError(`File config.json exists. Remove it first`);
  writeFileSync(path, `${JSON.stringify(example(), undefined, "\t")}\n`);
  return 0;
}

function example(): unknown {
  const mount = (
    destination: string,
    type: string,
    source: string,
    ...options: readonly string[]
  ): unknown => ({
    destination,
    type,
    source,
    ...(options.length === 0 ? {} : { options }),
  });
  const pure = readHierarchies().every(({ version }) => version === 2);
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ["sh"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: {
        bounding: CAPABILITIES,
        effective: CAPABILITIES,
        permitted: CAPABILITIES,
        ambient: CAPABILITIES,
      },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "gantry",
    mounts: [
      mount("/proc", "proc", "proc"),
      mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
      mount(
        "/dev/pts",
        "devpts",
        "devpts",
        "nosuid",
        "noexec",
        "newinstance",
        "ptmxmode=0666",
        "mode=0620",
        "gid=5",
      ),
      mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
      mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
      mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
      mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
    ],
    linux: {
      resources: { devices: [{ allow: false, access: "rwm" }] },
      namespaces: ["pid", "network", "ipc", "uts", "mount", ...(pure ? ["cgroup"] : [])].map((type) => ({
        type,
      })),
      maskedPaths: [
        "/proc/acpi",
        "/proc/asound",
        "/proc/interrupts",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/sys/devices/virtual/powercap",
        "/sys/firmware",
        "/proc/scsi",
      ],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}
