import { BlockList, isIP } from "node:net";

/** A test for whether an address lies in one of the subnets, as `10.208.16.0/20` or `fd00::/64`. */
export function within(subnets: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [base = "", prefix = ""] = subnet.split("/");
    list.addSubnet(base, Number(prefix), isIP(base) === 6 ? "ipv6" : "ipv4");
  }
  return (address) => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** The address a reverse name stands for (RFC 1035 section 3.5, RFC 3596 section 2.5); undefined for any other name. */
export function reversed(name: string): string | undefined {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  if (four !== null) {
    const address = four.slice(1).toReversed().join(".");
    return isIP(address) === 4 ? address : undefined;
  }
  const six = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name)?.[1];
  if (six === undefined) return undefined;
  const digits = six.replaceAll(".", "").split("").toReversed().join("");
  return canonical((digits.match(/.{4}/g) ?? []).join(":"));
}

/** IPv6 addresses as RFC 5952 writes them; others as they are. */
export function canonical(address: string): string {
  return address.includes(":") ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}
