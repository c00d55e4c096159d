import { isIP } from "node:net";
import type { Path } from "./path.ts";
import type { ExtraHost, Resolver } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";

/** The keys of a service that say how its containers find names. */
export interface ResolverKeys {
  readonly dns?: string | readonly string[];
  readonly dns_search?: string | readonly string[];
  readonly dns_opt?: readonly string[];
  readonly extra_hosts?: readonly string[] | Readonly<Record<string, string | readonly string[] | undefined>>;
}

const HOST_GATEWAY = "host-gateway";
/** hosts(5), resolv.conf(5): a name of at most 253 characters; a search domain may also be the root, `.`. */
const NAME = /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/;

/** What stands in the containers' own resolv.conf; undefined where it is the host's. */
export function readResolver(map: ResolverKeys, path: Path, report: Report): Resolver | undefined {
  const read = (
    key: "dns" | "dns_search" | "dns_opt",
    check: (text: string) => string,
  ): readonly string[] => {
    const value = map[key] ?? [];
    if (typeof value === "string") return [report.attempt([...path, key], () => check(value)) ?? ""];
    return value.map((text, index) => report.attempt([...path, key, index], () => check(text)) ?? "");
  };
  const servers = read("dns", readServer);
  const search = read("dns_search", readDomain);
  const options = read("dns_opt", readOption);
  const resolver: Resolver = {
    ...(servers.length === 0 ? {} : { servers }),
    ...(search.length === 0 ? {} : { search }),
    ...(options.length === 0 ? {} : { options }),
  };
  return Object.keys(resolver).length === 0 ? undefined : resolver;
}

function readServer(text: string): string {
  if (isIP(text) === 0) throw new InvalidValue(`"${text}" is not an IP address`);
  return text;
}

function readDomain(text: string): string {
  if (text !== "." && !NAME.test(text)) throw new InvalidValue(`"${text}" is not a domain`);
  return text;
}

function readOption(text: string): string {
  if (!/^[a-z0-9_-]+(:[0-9]+)?$/.test(text))
    throw new InvalidValue(`"${text}" is not an option of resolv.conf such as ndots:2`);
  return text;
}

/** `extra_hosts`: a map of name to address or addresses, or a list of `name=address` or `name:address`. */
export function readExtraHosts(
  hosts: ResolverKeys["extra_hosts"],
  path: Path,
  report: Report,
): readonly ExtraHost[] | undefined {
  const found: ExtraHost[] = [];
  const add = (where: Path, name: string, address: string): void => {
    const host = report.attempt(where, () => readHost(name, address));
    if (host !== undefined) found.push(host);
  };
  if (isList(hosts)) {
    for (const [index, text] of hosts.entries()) {
      const at = text.search(/[=:]/);
      add([...path, index], at === -1 ? text : text.slice(0, at), at === -1 ? "" : text.slice(at + 1));
    }
  } else
    for (const [name, addresses = []] of Object.entries(hosts ?? {}))
      for (const address of typeof addresses === "string" ? [addresses] : addresses)
        add([...path, name], name, address);
  return found.length === 0 ? undefined : found;
}

function readHost(name: string, written: string): ExtraHost {
  // IPv6 addresses may stand in brackets, as in a URL.
  const address = /^\[(.*)\]$/.exec(written)?.[1] ?? written;
  if (!NAME.test(name)) throw new InvalidValue(`"${name}" is not a host name`);
  if (address !== HOST_GATEWAY && isIP(address) === 0)
    throw new InvalidValue(`expected name=address, an IP address or ${HOST_GATEWAY}, got "${written}"`);
  return { name, address };
}

function isList(hosts: ResolverKeys["extra_hosts"]): hosts is readonly string[] {
  return Array.isArray(hosts);
}
