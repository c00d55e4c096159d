import { isIP } from "node:net";
import type { Path } from "./path.ts";
import type { ServiceNetwork } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";
import { didYouMean } from "./suggest.ts";

interface AttachmentMap {
  readonly aliases?: readonly string[];
  readonly ipv4_address?: string;
  readonly mac_address?: string;
  readonly priority?: Integer;
}

/** The keys of a service that say which networks it is in, once the schema has passed them. */
export interface ServiceNetworkKeys {
  readonly networks?: readonly string[] | Readonly<Record<string, AttachmentMap | null | undefined>>;
  readonly mac_address?: string;
  readonly expose?: readonly (string | number)[];
  readonly links?: readonly string[];
}

export const DEFAULT_NETWORK = "default";
const ALIAS = /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/;

/**
 * The networks of a service, the one with the highest priority first, then by name; undefined where it is in the
 * project's own and nothing is said about it. `known`: the networks of the file.
 */
export function readServiceNetworks(
  map: ServiceNetworkKeys,
  path: Path,
  report: Report,
  known: readonly string[],
): readonly ServiceNetwork[] | undefined {
  const mac =
    map.mac_address === undefined ? undefined : readMac(map.mac_address, [...path, "mac_address"], report);
  if (map.networks === undefined)
    return mac === undefined ? undefined : [{ network: DEFAULT_NETWORK, hardwareAddress: mac }];
  const found: ServiceNetwork[] = [];
  for (const [key, entry, where] of entriesOf(map.networks, [...path, "networks"])) {
    if (key !== DEFAULT_NETWORK && !known.includes(key))
      report.error(where, `there is no network "${key}"${didYouMean(key, known)}`);
    found.push(readAttachment(key, entry ?? {}, where, report));
  }
  const sorted = found.toSorted(
    (a, b) => (b.priority ?? 0) - (a.priority ?? 0) || (a.network < b.network ? -1 : 1),
  );
  const [first, ...others] = sorted;
  if (first === undefined) return [];
  return [mac === undefined ? first : { hardwareAddress: mac, ...first }, ...others];
}

function* entriesOf(
  networks: NonNullable<ServiceNetworkKeys["networks"]>,
  path: Path,
): Generator<readonly [string, AttachmentMap | null | undefined, Path]> {
  if (isList(networks)) for (const [index, key] of networks.entries()) yield [key, null, [...path, index]];
  else for (const [key, entry] of Object.entries(networks)) yield [key, entry, [...path, key]];
}

function readAttachment(network: string, map: AttachmentMap, path: Path, report: Report): ServiceNetwork {
  const aliases = (map.aliases ?? []).flatMap(
    (alias, index) => report.attempt([...path, "aliases", index], () => readAlias(alias)) ?? [],
  );
  const { ipv4_address: written, priority: order } = map;
  const address =
    written === undefined ? undefined : report.attempt([...path, "ipv4_address"], () => readIpv4(written));
  const priority =
    order === undefined
      ? undefined
      : report.attempt([...path, "priority"], () => readInteger(order, -(2 ** 31), 2 ** 31));
  const mac =
    map.mac_address === undefined ? undefined : readMac(map.mac_address, [...path, "mac_address"], report);
  return {
    network,
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(address === undefined ? {} : { address }),
    ...(mac === undefined ? {} : { hardwareAddress: mac }),
    ...(priority ? { priority } : {}),
  };
}

/** `expose`: `8080`, `53/udp`, `3000-3005`. */
export function readExposed(map: ServiceNetworkKeys, path: Path, report: Report): readonly string[] {
  return (map.expose ?? []).flatMap((entry, index) => [
    ...(report.attempt([...path, "expose", index], () => exposedPorts(String(entry))) ?? []),
  ]);
}

function exposedPorts(text: string): readonly string[] {
  const [, from, to, protocol = "tcp"] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const first = Number(from);
  const last = Number(to ?? from);
  if (from === undefined || first < 1 || last > 65_535 || last < first)
    throw new InvalidValue(`expected a port such as 8080, 53/udp or 3000-3005, got "${text}"`);
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}

/** `links`: `db`, or `db:database`; the other names a service is found under by this one alone. */
export function readLinks(
  map: ServiceNetworkKeys,
  path: Path,
  report: Report,
  services: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const links: Record<string, string> = {};
  for (const [index, text] of (map.links ?? []).entries()) {
    const where = [...path, "links", index];
    const [service = "", alias = service] = text.split(":", 2);
    if (!services.includes(service))
      report.error(where, `there is no service "${service}"${didYouMean(service, services)}`);
    const name = report.attempt(where, () => readAlias(alias));
    if (name !== undefined && name !== service) links[name] = service;
  }
  return Object.keys(links).length === 0 ? undefined : links;
}

/** The services that `links` names. */
export function linkedServices(links: readonly string[] = []): readonly string[] {
  return links.map((text) => text.split(":", 1)[0] ?? "");
}

function readAlias(text: string): string {
  if (!ALIAS.test(text)) throw new InvalidValue(`"${text}" is not a host name`);
  return text;
}

function readIpv4(text: string): string {
  if (isIP(text) !== 4) throw new InvalidValue(`"${text}" is not an IPv4 address`);
  return text;
}

function readMac(text: string, path: Path, report: Report): string | undefined {
  return report.attempt(path, () => {
    const plain = text.toLowerCase().replaceAll("-", ":");
    if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(plain))
      throw new InvalidValue(`expected a MAC address such as 02:42:ac:11:65:43, got "${text}"`);
    if ((Number.parseInt(plain.slice(0, 2), 16) & 1) !== 0)
      throw new InvalidValue(`${text} is a group's address`);
    return plain;
  });
}

function isList(networks: NonNullable<ServiceNetworkKeys["networks"]>): networks is readonly string[] {
  return Array.isArray(networks);
}
