import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { uplinksOf } from "./uplinks.ts";

const CONF = "/proc/sys/net/ipv4/conf";

/**
 * Answers come back in through the host's uplinks, so those have to forward IPv4; the host-wide switch is left alone.
 * What was off before is remembered until reboot, kept from forwarding for anybody else (the firewall's `guarded`), and
 * switched off again when the last network is gone.
 */
export class Forwarding {
  readonly #file: string;

  constructor(run: string) {
    this.#file = join(run, "forwarding.json");
  }

  /** Switches it on where it is off. Returns the interfaces that forward for our sake alone. */
  async enable(): Promise<readonly string[]> {
    const routes = await readFile("/proc/net/route", "utf8");
    const uplinks = uplinksOf(routes, (name) => existsSync(`/sys/class/net/${name}/bridge`));
    const switched = new Set(await this.#switched());
    for (const name of uplinks) {
      if (await forwards(name)) continue;
      switched.add(name);
      await this.#remember(switched); // first: a crash in between must not leave it on for good
      await writeFile(join(CONF, name, "forwarding"), "1").catch(() => undefined); // it went away
    }
    // Somebody made this machine a router: what it forwards is no longer for us to say.
    return (await forwards("all")) ? [] : [...switched].filter((name) => uplinks.includes(name)).sort();
  }

  /** Switches off what was switched on here. */
  async restore(): Promise<void> {
    const router = await forwards("all");
    for (const name of await this.#switched())
      if (!router) await writeFile(join(CONF, name, "forwarding"), "0").catch(() => undefined);
    await rm(this.#file, { force: true });
  }

  async #switched(): Promise<readonly string[]> {
    const text = await readFile(this.#file, "utf8").catch(() => "[]");
    try {
      return JSON.parse(text) as readonly string[];
    } catch {
      return []; // cut off in mid-write
    }
  }

  async #remember(names: ReadonlySet<string>): Promise<void> {
    await writeFile(this.#file, JSON.stringify([...names]), { mode: 0o600 });
  }
}

async function forwards(name: string): Promise<boolean> {
  return (await readFile(join(CONF, name, "forwarding"), "utf8").catch(() => "1")).trim() !== "0";
}
