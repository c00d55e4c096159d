import { isIP } from "node:net";

/** What a file says for a container's own resolv.conf. */
export interface ResolverSettings {
  readonly servers?: readonly string[];
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

/**
 * Text of /etc/resolv.conf (resolv.conf(5)) from the host's: nameservers on loopback are left out, since a
 * container's loopback is its own; search domains and options stay. With none left, no name resolves.
 */
export function resolvConf(host: string): string {
  const lines = host.split("\n").flatMap((line) => {
    const [keyword = "", value = ""] = line.trim().split(/\s+/);
    if (keyword === "nameserver")
      return isIP(value) !== 0 && !isLoopback(value) ? [`nameserver ${value}`] : [];
    return ["search", "domain", "options"].includes(keyword) ? [line.trim()] : [];
  });
  return lines.map((line) => `${line}\n`).join("");
}

/** A container's own resolv.conf: what it says of a keyword stands instead of all that `base` says of it. */
export function ownResolvConf(base: string, { servers, search, options }: ResolverSettings): string {
  const replaced = new Set([
    ...(servers === undefined ? [] : ["nameserver"]),
    ...(search === undefined ? [] : ["search", "domain"]),
    ...(options === undefined ? [] : ["options"]),
  ]);
  const kept = base.split("\n").filter((line) => line !== "" && !replaced.has(line.split(/\s/, 1)[0] ?? ""));
  // A single dot is docker's way to have no search domain at all.
  const domains = (search ?? []).filter((domain) => domain !== ".");
  const own = [
    ...(servers ?? []).map((server) => `nameserver ${server}`),
    ...(domains.length === 0 ? [] : [`search ${domains.join(" ")}`]),
    ...(options === undefined || options.length === 0 ? [] : [`options ${options.join(" ")}`]),
  ];
  return [...kept, ...own].map((line) => `${line}\n`).join("");
}

/**
 * The resolv.conf of a container that asks gantry's responder at `servers`. Its own `servers` are not named here: the
 * responder passes on to them what is not the network's. Names of one word are asked for as they are first, since that
 * is what services are called.
 */
export function networkResolvConf(
  host: string,
  servers: readonly string[],
  { search, options }: ResolverSettings = {},
): string {
  const others = options ?? optionsOf(host);
  const all = others.some((option) => option.startsWith("ndots:")) ? others : [...others, "ndots:0"];
  return ownResolvConf(resolvConf(host), { servers, ...(search && { search }), options: all });
}

function optionsOf(host: string): readonly string[] {
  return host.split("\n").flatMap((line) => {
    const [keyword, ...options] = line.trim().split(/\s+/);
    return keyword === "options" ? options : [];
  });
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}
