import type { ContainerConfig } from "../../../runtime/container.ts";
import { type ConfinementKeys, readConfinement } from "../../../spec/confinement.ts";
import { booleanIn, integerIn, type JsonObject, objectsIn, textIn, textMapIn, textsIn } from "../bodies.ts";
import { NotBuiltError } from "../errors.ts";
import type { RequestReport } from "./request-report.ts";

/** A profile comes as the text it is: Docker's client has read the file. */
const CONTEXT = { services: [], containers: true, seccompProfile: (text: string): string => text };

/** What of Config and HostConfig says how the processes are confined, read as the same keys of a spec file are. */
export function confinementOf(
  config: JsonObject,
  hostConfig: JsonObject,
  networkMode: string | undefined,
  report: RequestReport,
): Omit<Partial<ContainerConfig>, "networks"> {
  refuseBarePaths(hostConfig);
  const keys = {
    ...given("domainname", textIn(config, "Domainname")),
    ...given("network_mode", networkMode),
    ...given("pid", textIn(hostConfig, "PidMode")),
    ...given("ipc", textIn(hostConfig, "IpcMode")),
    ...given("uts", textIn(hostConfig, "UTSMode")),
    ...given("cgroup", textIn(hostConfig, "CgroupnsMode")),
    ...given("userns_mode", textIn(hostConfig, "UsernsMode")),
    dns: textsIn(hostConfig, "Dns") ?? [],
    dns_search: textsIn(hostConfig, "DnsSearch") ?? [],
    dns_opt: textsIn(hostConfig, "DnsOptions") ?? [],
    extra_hosts: textsIn(hostConfig, "ExtraHosts") ?? [],
    privileged: booleanIn(hostConfig, "Privileged"),
    cap_add: textsIn(hostConfig, "CapAdd") ?? [],
    cap_drop: textsIn(hostConfig, "CapDrop") ?? [],
    security_opt: textsIn(hostConfig, "SecurityOpt") ?? [],
    read_only: booleanIn(hostConfig, "ReadonlyRootfs"),
    shm_size: integerIn(hostConfig, "ShmSize") ?? 0,
    ulimits: ulimitsOf(hostConfig),
    sysctls: textMapIn(hostConfig, "Sysctls"),
    oom_score_adj: integerIn(hostConfig, "OomScoreAdj") ?? 0,
    group_add: textsIn(hostConfig, "GroupAdd") ?? [],
    devices: objectsIn(hostConfig, "Devices").map((device) => ({
      source: textIn(device, "PathOnHost") ?? "",
      ...given("target", textIn(device, "PathInContainer")),
      ...given("permissions", textIn(device, "CgroupPermissions")),
    })),
    device_cgroup_rules: textsIn(hostConfig, "DeviceCgroupRules") ?? [],
  } satisfies ConfinementKeys;
  const { networks: _, ...confinement } = readConfinement(keys, [], report, CONTEXT);
  return confinement;
}

/** `systempaths=unconfined` comes as empty lists; a privileged container has none masked anyway. */
function refuseBarePaths(hostConfig: JsonObject): void {
  if (booleanIn(hostConfig, "Privileged")) return;
  for (const key of ["MaskedPaths", "ReadonlyPaths"])
    if (textsIn(hostConfig, key) !== undefined) throw new NotBuiltError(`HostConfig.${key}`);
}

function ulimitsOf(hostConfig: JsonObject): Record<string, { soft: number; hard: number }> {
  return Object.fromEntries(
    objectsIn(hostConfig, "Ulimits").map((limit) => [
      textIn(limit, "Name") ?? "",
      { soft: integerIn(limit, "Soft") ?? 0, hard: integerIn(limit, "Hard") ?? 0 },
    ]),
  );
}

function given<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}
