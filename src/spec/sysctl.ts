import type { Pairs } from "./pairs.ts";
import { readPairs } from "./pairs.ts";
import type { Path } from "./path.ts";
import type { Namespaces } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";

/** The kernel parameters that an IPC namespace has of its own; ipc_namespaces(7). */
const OF_IPC =
  /^(kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\.[a-z_]+)$/;
const OF_NETWORK = /^net\./;
/** Dots separate; a slash stands for a dot inside a name, as sysctl(8) has it. */
const NAME = /^[a-z]+(\.[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)*)+$/;

/** Kernel parameters of namespaces that the containers have of their own; any other would change the host's. */
export function readSysctls(
  pairs: Pairs | undefined,
  path: Path,
  report: Report,
  namespaces: Namespaces | undefined,
): Readonly<Record<string, string>> | undefined {
  const sysctls: [string, string][] = [];
  const listed = Array.isArray(pairs);
  const values = readPairs(pairs, path, report, () => undefined);
  for (const [index, [name, value]] of Object.entries(values).entries()) {
    const where = [...path, listed ? index : name];
    if (report.attempt(where, () => checkName(name, namespaces)) === true) sysctls.push([name, value]);
  }
  return sysctls.length === 0 ? undefined : Object.fromEntries(sysctls);
}

function checkName(name: string, { network, ipc }: Namespaces = {}): true {
  if (!NAME.test(name))
    throw new InvalidValue(`"${name}" is not a kernel parameter such as net.core.somaxconn`);
  const [kind, mode, key] = OF_NETWORK.test(name)
    ? (["network", network, "network_mode"] as const)
    : OF_IPC.test(name)
      ? (["IPC", ipc, "ipc"] as const)
      : [];
  if (kind === undefined)
    throw new InvalidValue(
      `${name} belongs to the whole machine (containers have net.*, kernel.shm*, kernel.msg*, kernel.sem and fs.mqueue.* of their own)`,
    );
  if (mode !== undefined && mode !== "none")
    throw new InvalidValue(`${name} would change the ${kind} namespace that ${key}: ${mode} shares`);
  return true;
}
