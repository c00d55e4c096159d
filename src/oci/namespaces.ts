import { NEW } from "../runtime/namespaces.ts";
import type { Bundle } from "./bundle.ts";

/** By the names of config-linux.md "Namespaces". */
export const NAMESPACE_FLAGS: Readonly<Record<string, number>> = {
  mount: NEW.mounts,
  cgroup: NEW.cgroup,
  uts: NEW.uts,
  ipc: NEW.ipc,
  user: NEW.user,
  pid: NEW.pids,
  network: NEW.network,
};

/** Whether the container has a namespace of this type to itself, new or joined. */
export function ownsNamespace({ namespaces }: Pick<Bundle, "namespaces">, type: string): boolean {
  return namespaces.some((one) => one.type === type);
}

/** Whether it is a new one. */
export function makesNamespace({ namespaces }: Pick<Bundle, "namespaces">, type: string): boolean {
  return namespaces.some((one) => one.type === type && one.path === "");
}
