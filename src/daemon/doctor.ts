import { access, readFile } from "node:fs/promises";
import { release } from "node:os";
import { CONTROLLERS, readCgroupLayout } from "../host/cgroup.ts";
import { messageOf } from "../error.ts";
import type { FirewallState } from "../net/firewall/firewall.ts";
import { nft } from "../net/firewall/nft.ts";
import { programPath } from "../host/programs.ts";
import type { UserNamespaces } from "../runtime/user-namespace.ts";
import type { DoctorLine } from "./protocol.ts";

/** The oldest kernel with everything gantry calls: mount_setattr (5.12) and close_range's CLOEXEC (5.11). */
const OLDEST = [5, 12] as const;
const CAP_SYS_ADMIN = 21n;
const CAP_NET_ADMIN = 12n;
const CAP_SYS_RESOURCE = 24n;

type Check = () => Promise<DoctorLine>;

/** What this machine has, what it lacks, and what each lack costs. Reads only. */
export async function examine(found: UserNamespaces, outside: FirewallState): Promise<readonly DoctorLine[]> {
  const lines = await Promise.all(CHECKS.map((check) => check()));
  return [...lines, userNamespaces(found), await firewall(outside)];
}

const CHECKS: readonly Check[] = [kernel, privileges, cgroups, overlay, namespaces, ipv6, rlimits, programs];

function line(
  name: string,
  found: string,
  lack?: { readonly status: "lacking" | "broken"; readonly cost: string },
): DoctorLine {
  return lack === undefined ? { name, status: "ok", found, cost: "" } : { name, found, ...lack };
}

async function kernel(): Promise<DoctorLine> {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  return line(
    "kernel",
    release(),
    old ? { status: "broken", cost: `containers need Linux ${OLDEST.join(".")} or newer` } : undefined,
  );
}

async function effective(): Promise<bigint> {
  const status = await readFile("/proc/self/status", "utf8");
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
}

async function privileges(): Promise<DoctorLine> {
  const held = await effective();
  const missing = [
    ["CAP_SYS_ADMIN", CAP_SYS_ADMIN],
    ["CAP_NET_ADMIN", CAP_NET_ADMIN],
  ] as const;
  const names = missing.filter(([, bit]) => ((held >> bit) & 1n) === 0n).map(([name]) => name);
  const found = `uid ${process.getuid?.() ?? "?"}`;
  return line(
    "privileges",
    found,
    names.length > 0
      ? { status: "broken", cost: `no container starts without ${names.join(", ")}` }
      : undefined,
  );
}

async function cgroups(): Promise<DoctorLine> {
  const { controllers } = await readCgroupLayout();
  const found = CONTROLLERS.map(
    (name) => `${name} ${controllers[name] === undefined ? "none" : `v${controllers[name].version}`}`,
  );
  const missing = CONTROLLERS.filter((name) => controllers[name] === undefined);
  return line(
    "cgroups",
    found.join(", "),
    missing.length > 0
      ? { status: "lacking", cost: `limits of ${missing.join(", ")} are refused` }
      : undefined,
  );
}

async function overlay(): Promise<DoctorLine> {
  const known = (await readFile("/proc/filesystems", "utf8")).includes("\toverlay\n");
  return line(
    "overlayfs",
    known ? "in the kernel" : "not loaded",
    known
      ? undefined
      : { status: "lacking", cost: "modprobe overlay, unless the first mount loads it by itself" },
  );
}

async function namespaces(): Promise<DoctorLine> {
  const wanted = ["mnt", "pid", "uts", "ipc", "net", "cgroup"];
  const present = await Promise.all(wanted.map((name) => exists(`/proc/self/ns/${name}`)));
  const missing = wanted.filter((_, index) => present[index] !== true);
  return line(
    "namespaces",
    wanted.filter((name) => !missing.includes(name)).join(", "),
    missing.length > 0
      ? { status: "broken", cost: `no container starts without ${missing.join(", ")}` }
      : undefined,
  );
}

function userNamespaces(found: UserNamespaces): DoctorLine {
  return found.work
    ? line("user namespaces", "of each container's own; layers, volumes and binds id-mapped")
    : line("user namespaces", found.reason, {
        status: "lacking",
        cost: "root in a container is root on the host, held back by capabilities, seccomp and cgroups alone",
      });
}

async function firewall(state: FirewallState): Promise<DoctorLine> {
  const name = "firewall";
  if (state === "off")
    return line(name, "left alone (GANTRY_FIREWALL=none)", {
      status: "lacking",
      cost: "containers reach the outside only where somebody else translates and forwards",
    });
  if (typeof state === "object")
    return line(name, state.problem, { status: "lacking", cost: "containers do not reach the outside" });
  const missing = state === "ours" ? "" : await nft(["--version"]).then(() => "", messageOf);
  return missing === ""
    ? line(name, state === "ours" ? "a table of ours in nftables" : "nft is there, no network yet")
    : line(name, missing, {
        status: "lacking",
        cost: "containers do not reach the outside: apt-get install nftables",
      });
}

async function ipv6(): Promise<DoctorLine> {
  const there = await exists("/proc/sys/net/ipv6");
  return line(
    "ipv6",
    there ? "yes" : "no",
    there ? undefined : { status: "lacking", cost: "ports are published on IPv4 only" },
  );
}

async function rlimits(): Promise<DoctorLine> {
  const may = (((await effective()) >> CAP_SYS_RESOURCE) & 1n) !== 0n;
  return line(
    "resource limits",
    may ? "may be raised" : "CAP_SYS_RESOURCE is missing",
    may
      ? undefined
      : { status: "lacking", cost: "limits of processes (ulimits) are capped at the daemon's own" },
  );
}

async function programs(): Promise<DoctorLine> {
  const names = ["gantry-launcher", "gantry-proxy", "gantry-prober", "gantry-applier"] as const;
  const built = await Promise.all(names.map((name) => exists(programPath(name))));
  const missing = names.filter((_, index) => built[index] !== true);
  return line(
    "native programs",
    missing.length === 0 ? "built" : `${missing.join(", ")} missing`,
    missing.length > 0 ? { status: "broken", cost: "npm run build" } : undefined,
  );
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
