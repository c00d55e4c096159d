import type { ContainerConfig } from "./container.ts";
import type { PlanWriter } from "./plan/encode.ts";
import { SLOT } from "./plan/operation.ts";

/** As docker: ordinary users may bind low ports and ping inside, whichever of the first `groups` they are in. */
export function addNetworkDefaults(plan: PlanWriter, { groups }: { readonly groups: number }): void {
  plan.add("write", SLOT.proc, "sys/net/ipv4/ip_unprivileged_port_start", "0");
  plan.add("write", SLOT.proc, "sys/net/ipv4/ping_group_range", `0 ${groups - 1}`);
}

/** Kernel parameters of the container's namespaces; once its interfaces are there, since some parameters are theirs. */
export function addSysctls(plan: PlanWriter, { sysctls = {}, domainname }: ContainerConfig): void {
  if (domainname !== undefined) plan.add("domainName", domainname);
  for (const [name, value] of Object.entries(sysctls)) plan.add("write", SLOT.proc, sysctlFile(name), value);
}

/** `sys/net/ipv4/conf/eth0.1/forwarding` of `net.ipv4.conf.eth0/1.forwarding`: sysctl(8) exchanges dots and slashes. */
function sysctlFile(name: string): string {
  return `sys/${name.replace(/[./]/g, (letter) => (letter === "." ? "/" : "."))}`;
}
