const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;
/** The host's ends of our own links. */
const OURS = /^gt[0-9a-f]{12}$/;

/**
 * The interfaces through which containers reach the rest of the world, in the text of /proc/net/route (proc_pid_net(5)):
 * those with a route to a gateway, and those whose neighbours are on the link. A bridge without a gateway behind it is
 * some engine's own network and none of them.
 */
export function uplinksOf(routes: string, isBridge: (name: string) => boolean): readonly string[] {
  const found = new Map<string, boolean>();
  for (const line of routes.split("\n").slice(1)) {
    const [name = "", , , flags = ""] = line.split("\t");
    const bits = Number.parseInt(flags, 16);
    if (!(bits & RTF_UP) || name === "lo" || OURS.test(name)) continue;
    found.set(name, (found.get(name) ?? false) || (bits & RTF_GATEWAY) !== 0);
  }
  return [...found]
    .filter(([name, gateway]) => gateway || !isBridge(name))
    .map(([name]) => name)
    .sort();
}
