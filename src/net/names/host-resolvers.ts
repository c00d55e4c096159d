import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";

const FILE = "/etc/resolv.conf";
/** The file is looked at again at most so often. */
const REST_MS = 1000;

/** The nameservers of a resolv.conf(5), the first three as its resolver has it. */
export function nameservers(text: string): readonly string[] {
  return text
    .split("\n")
    .flatMap((line) => {
      const [keyword, server = ""] = line.trim().split(/\s+/);
      return keyword === "nameserver" && isIP(server.replace(/%.*$/, "")) !== 0 ? [server] : [];
    })
    .slice(0, 3);
}

/** The host's own resolvers, as its resolv.conf has them now: it changes with the network the machine is in. */
export class HostResolvers {
  #servers: readonly string[] = [];
  #stamp = "";
  #looked = -Infinity;

  async servers(): Promise<readonly string[]> {
    const now = performance.now();
    if (now - this.#looked < REST_MS) return this.#servers;
    this.#looked = now;
    const found = await stat(FILE).catch(() => undefined);
    const stamp = `${found?.ino} ${found?.mtimeMs} ${found?.size}`;
    if (stamp === this.#stamp) return this.#servers;
    this.#stamp = stamp;
    this.#servers = nameservers(await readFile(FILE, "utf8").catch(() => ""));
    return this.#servers;
  }
}
