import { readDevice, readDeviceRule } from "./device.ts";
import type { DeviceMap } from "./device.ts";
import { readHostname } from "./hostname.ts";
import { readNamespaces } from "./namespace.ts";
import type { NamespaceKeys } from "./namespace.ts";
import type { Pairs } from "./pairs.ts";
import type { Path } from "./path.ts";
import type { Service } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readExtraHosts, readResolver } from "./resolver.ts";
import type { ResolverKeys } from "./resolver.ts";
import { readBoolean, readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";
import { readSecurity } from "./security.ts";
import type { ProfileText, SecurityKeys } from "./security.ts";
import { readBytes } from "./size.ts";
import { readSysctls } from "./sysctl.ts";
import { readUlimits } from "./ulimit.ts";
import type { UlimitValue } from "./ulimit.ts";

/** The keys of a service that say how its processes are confined, once the schema has passed them. */
export type ConfinementKeys = NamespaceKeys &
  ResolverKeys &
  SecurityKeys & {
    readonly domainname?: string;
    readonly read_only?: boolean | string;
    readonly shm_size?: Integer;
    readonly ulimits?: Readonly<Record<string, UlimitValue | undefined>>;
    readonly sysctls?: Pairs;
    readonly oom_score_adj?: Integer;
    readonly group_add?: readonly (string | number)[];
    readonly devices?: readonly (string | DeviceMap)[];
    readonly device_cgroup_rules?: readonly string[];
  };

export interface ConfinementContext {
  /** Names of the file's services. */
  readonly services: readonly string[];
  readonly seccompProfile: ProfileText;
  /** Namespaces of any container may be shared, named `container:NAME`; no services. */
  readonly containers?: boolean;
}

/** As many as fit into a launch plan's list, whatever their names. */
const MAX_GROUPS = 15;

/** What is absent unless the file says otherwise: how the containers' processes are confined, or less so. */
export function readConfinement(
  map: ConfinementKeys,
  path: Path,
  report: Report,
  context: ConfinementContext,
): Partial<Service> {
  const read = report.reader(path);
  const each = <T, R>(values: readonly T[] | undefined, key: string, parse: (value: T) => R): readonly R[] =>
    (values ?? []).flatMap((value, index) => report.attempt([...path, key, index], () => parse(value)) ?? []);
  const security = readSecurity(map, path, report, context.seccompProfile);
  const namespaces = readNamespaces(map, path, report, context.services, context.containers);
  const devices = each(map.devices, "devices", readDevice);
  const deviceRules = each(map.device_cgroup_rules, "device_cgroup_rules", readDeviceRule);
  const resolver = readResolver(map, path, report);
  const extraHosts = readExtraHosts(map.extra_hosts, [...path, "extra_hosts"], report);
  const domainname = read(map.domainname, "domainname", readHostname);
  const shmBytes = read(map.shm_size, "shm_size", readBytes);
  const ulimits = readUlimits(map.ulimits, [...path, "ulimits"], report);
  const sysctls = readSysctls(map.sysctls, [...path, "sysctls"], report, namespaces);
  const oomScoreAdjustment = read(map.oom_score_adj, "oom_score_adj", (value) =>
    readInteger(value, -1000, 1000),
  );
  if ((map.group_add ?? []).length > MAX_GROUPS)
    report.error([...path, "group_add"], `more than ${MAX_GROUPS} groups`, "key");
  const groups = each(map.group_add, "group_add", (value) => readGroup(String(value)));
  return {
    ...(security === undefined ? {} : { security }),
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(devices.length === 0 ? {} : { devices }),
    ...(deviceRules.length === 0 ? {} : { deviceRules }),
    ...(resolver === undefined ? {} : { resolver }),
    ...(extraHosts === undefined ? {} : { extraHosts }),
    ...(domainname === undefined ? {} : { domainname }),
    ...(read(map.read_only, "read_only", readBoolean) === true ? { readOnly: true } : {}),
    ...(shmBytes ? { shmBytes } : {}),
    ...(ulimits === undefined ? {} : { ulimits }),
    ...(sysctls === undefined ? {} : { sysctls }),
    ...(oomScoreAdjustment ? { oomScoreAdjustment } : {}),
    ...(groups.length === 0 ? {} : { groups }),
  };
}

function readGroup(text: string): string {
  if (!/^[^\s:,]{1,32}$/.test(text)) throw new InvalidValue(`expected a group or its number, got "${text}"`);
  return text;
}
