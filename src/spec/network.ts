import { isIP } from "node:net";
import { readPairs } from "./pairs.ts";
import type { Pairs } from "./pairs.ts";
import type { ProjectNetwork, ProjectSubnet } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readBoolean, readInteger } from "./scalar.ts";

type Flag = boolean | string;

/** An entry of `networks`, once the schema has passed it. */
export interface NetworkMap {
  readonly name?: string;
  readonly driver?: string;
  readonly driver_opts?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly external?: Flag | { readonly name?: string };
  readonly internal?: Flag;
  readonly labels?: Pairs;
  readonly ipam?: { readonly config?: readonly { readonly subnet?: string; readonly gateway?: string }[] };
}

const MTU_OPTION = "com.docker.network.driver.mtu";

/** A network of the file. `project` is its name; `strict`: what has no effect is an error. */
export function readNetwork(
  key: string,
  map: NetworkMap,
  report: Report,
  { name: project, strict }: { readonly name: string; readonly strict: boolean },
): ProjectNetwork {
  const path = ["networks", key];
  const read = report.reader(path);
  const { external: written } = map;
  const old = typeof written === "object" ? written.name : undefined;
  const external = typeof written === "object" || (read(written, "external", readBoolean) ?? false);
  const name = read(map.name ?? old, "name", readNetworkName) ?? (external ? key : `${project}_${key}`);
  read(map.driver, "driver", checkDriver);
  let mtu: number | undefined;
  for (const [option, value] of Object.entries(map.driver_opts ?? {})) {
    const where = [...path, "driver_opts", option];
    if (option === MTU_OPTION) mtu = report.attempt(where, () => readInteger(String(value), 576, 65_535));
    else if (strict) report.error(where, "not built yet", "key");
    else report.warning(where, "not built yet, ignored");
  }
  const subnets = (map.ipam?.config ?? []).flatMap(
    (entry, index) => report.attempt([...path, "ipam", "config", index], () => readSubnet(entry)) ?? [],
  );
  return {
    name,
    external,
    labels: readPairs(map.labels, [...path, "labels"], report, () => ""),
    ...(read(map.internal, "internal", readBoolean) === true ? { internal: true } : {}),
    ...(subnets.length === 0 ? {} : { subnets }),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

/** A network's name is a file's name in the store, and a domain for those who ask. */
function readNetworkName(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/.test(name)) return name;
  throw new InvalidValue(`"${name}" is not a network name (letters, digits, ".", "_" and "-", at most 63)`);
}

function checkDriver(driver: string): void {
  if (driver !== "bridge" && driver !== "default")
    throw new InvalidValue(`there is no network driver "${driver}" (known is bridge)`);
}

function readSubnet({
  subnet,
  gateway,
}: {
  readonly subnet?: string;
  readonly gateway?: string;
}): ProjectSubnet[] {
  if (subnet === undefined) {
    if (gateway !== undefined) throw new InvalidValue("a gateway without its subnet");
    return [];
  }
  const [address = "", prefix = "", ...rest] = subnet.split("/");
  if (isIP(address) === 6) throw new InvalidValue("IPv6 networks are not built yet");
  if (isIP(address) !== 4 || !/^\d{1,2}$/.test(prefix) || rest.length > 0)
    throw new InvalidValue(`expected a subnet such as 172.28.0.0/16, got "${subnet}"`);
  const bits = Number(prefix);
  if (bits < 8 || bits > 29)
    throw new InvalidValue(`a network of /${prefix}: it has to be between /8 and /29`);
  const size = 2 ** (32 - bits);
  const base = numberOf(address);
  if (base % size !== 0) throw new InvalidValue(`the address in ${subnet} has bits beyond its prefix`);
  if (gateway === undefined) return [{ subnet }];
  const offset = isIP(gateway) === 4 ? numberOf(gateway) - base : -1;
  if (offset < 1 || offset >= size - 1)
    throw new InvalidValue(`the gateway ${gateway} is no address for a host in ${subnet}`);
  return [{ subnet, gateway }];
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}
