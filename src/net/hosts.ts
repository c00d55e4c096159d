import { isIP } from "node:net";

/** A container as others of its project find it. */
export interface HostEntry {
  readonly address: string;
  /** The container's own name first, then its service's. */
  readonly names: readonly string[];
}

const LOCALHOST = ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"];
const NAME = /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252}[A-Za-z0-9_])?$/;

/** Text of /etc/hosts (hosts(5)) for a project's containers, sorted. What is not an address or a name is left out. */
export function hostsFile(entries: readonly HostEntry[]): string {
  const lines = entries.flatMap(({ address, names }) => {
    const good = names.filter((name) => NAME.test(name));
    return isIP(address) !== 0 && good.length > 0 ? [`${address}\t${[...new Set(good)].join(" ")}`] : [];
  });
  return [...LOCALHOST, ...lines.sort(), ""].join("\n");
}

/**
 * Text of /etc/resolv.conf (resolv.conf(5)) from the host's: nameservers on loopback are left out, since a
 * container's loopback is its own; search domains and options stay. With none left, names outside the project do not
 * resolve.
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
export function ownResolvConf(
  base: string,
  {
    servers,
    search,
    options,
  }: {
    readonly servers?: readonly string[];
    readonly search?: readonly string[];
    readonly options?: readonly string[];
  },
): string {
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
    ...(options === undefined ? [] : [`options ${options.join(" ")}`]),
  ];
  return [...kept, ...own].map((line) => `${line}\n`).join("");
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}
