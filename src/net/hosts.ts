import { isIP } from "node:net";

/** An address and what it is called. */
export interface HostEntry {
  readonly address: string;
  readonly names: readonly string[];
}

const LOCALHOST = ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"];
const NAME = /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252}[A-Za-z0-9_])?$/;

/** Text of /etc/hosts (hosts(5)), in the order given. What is not an address or a name is left out. */
export function hostsFile(entries: readonly HostEntry[]): string {
  const lines = entries.flatMap(({ address, names }) => {
    const good = names.filter((name) => NAME.test(name));
    return isIP(address) !== 0 && good.length > 0 ? [`${address}\t${[...new Set(good)].join(" ")}`] : [];
  });
  return [...LOCALHOST, ...lines, ""].join("\n");
}
