import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GantryError } from "../error.ts";
import { type CgroupParent, removeCgroup } from "../host/cgroup.ts";
import { cgroupPids, moveProcess } from "../host/cgroup-processes.ts";
import { errnoOf } from "../host/errno.ts";
import { type FreezerLayout, freezerLayout } from "../host/freezer-layout.ts";
import { shortId } from "./places.ts";
import { processesOf } from "./processes.ts";

/** How long the kernel may take until every process stands still. */
const PATIENCE_MS = 10_000;
const LOOKS_UNTIL_THAW = 10;

/**
 * Stops containers where they are, and lets them go on. What is frozen is the kernel's knowledge, read anew at start:
 * a daemon's death changes nothing about it.
 */
export class Freezer {
  readonly #layout: FreezerLayout | undefined;
  readonly #cgroups: readonly CgroupParent[];
  readonly #frozen = new Set<string>();
  /** Containers that have a cgroup only for this. */
  readonly #made = new Set<string>();

  private constructor(layout: FreezerLayout | undefined, cgroups: readonly CgroupParent[]) {
    this.#layout = layout;
    this.#cgroups = cgroups;
  }

  /** Learns what is frozen. */
  static async open(cgroups: readonly CgroupParent[]): Promise<Freezer> {
    const layout = freezerLayout(await readFile("/proc/self/mountinfo", "utf8"), cgroups);
    const freezer = new Freezer(layout, cgroups);
    for (const entry of await readdir(layout?.parent ?? "", { withFileTypes: true }).catch(() => []))
      if (entry.isDirectory()) {
        if (layout?.own === false) freezer.#made.add(entry.name);
        if ((await freezer.#state(entry.name)) !== "thawed") freezer.#frozen.add(entry.name);
      }
    return freezer;
  }

  /** Whether a container was frozen and not thawed since. */
  isFrozen(id: string): boolean {
    return this.#frozen.has(shortId(id));
  }

  /** Freezes every process of a container; resolves once they stand still. Throws limit.unsupported without a freezer. */
  async freeze(id: string): Promise<void> {
    const layout = this.#layout;
    if (layout === undefined)
      throw new GantryError(
        "limit.unsupported",
        "this machine has no cgroup freezer, so nothing can be paused",
        {
          next: "gantry doctor",
        },
      );
    const name = shortId(id);
    if (!layout.own) await this.#gather(layout, id);
    this.#frozen.add(name);
    await this.#write(name, true);
    const deadline = Date.now() + PATIENCE_MS;
    for (let looks = 1; (await this.#state(name)) !== "frozen"; looks += 1) {
      if (Date.now() > deadline) {
        await this.thaw(id);
        throw new GantryError("kernel", `container ${id.slice(0, 12)} does not stand still`, {
          next: "a process of it hangs in the kernel: look at dmesg",
        });
      }
      await delay(2);
      if (layout.version === 1) await this.#askAgain(name, looks);
    }
  }

  /**
   * v1 may stay half frozen: a process that waits for another one, frozen already, never gets to where it can be. Asking
   * again helps, and now and then letting all go on for a moment (the kernel's freezer-subsystem.rst).
   */
  async #askAgain(name: string, looks: number): Promise<void> {
    if (looks % LOOKS_UNTIL_THAW === 0) {
      await this.#write(name, false);
      await delay(5);
    }
    await this.#write(name, true);
  }

  /** Lets a container go on; one that is not frozen does. */
  async thaw(id: string): Promise<void> {
    if (!this.#frozen.has(shortId(id))) return;
    await this.#write(shortId(id), false);
    this.#frozen.delete(shortId(id));
  }

  /** Removes what was made for a container that is gone. */
  async forget(id: string): Promise<void> {
    const name = shortId(id);
    this.#frozen.delete(name);
    if (this.#layout !== undefined && this.#made.delete(name))
      await removeCgroup(join(this.#layout.parent, name));
  }

  /** Thaws what belongs to none of these containers, so that it can be killed. */
  async sweep(owned: ReadonlySet<string>): Promise<void> {
    const names = new Set([...owned].map(shortId));
    for (const name of [...this.#frozen].filter((one) => !names.has(one))) await this.thaw(name);
  }

  /** Takes the instance's folder away when nothing is frozen in it. */
  async close(): Promise<void> {
    if (this.#layout?.own === false) await removeCgroup(this.#layout.parent).catch(() => undefined);
  }

  /** Moves all processes into the container's freezer. A child is born where its parent is, so this comes to an end. */
  async #gather({ parent }: FreezerLayout, id: string): Promise<void> {
    const folder = join(parent, shortId(id));
    await mkdir(folder, { recursive: true });
    this.#made.add(shortId(id));
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const inside = new Set(await cgroupPids(folder));
      const outside = (await processesOf(this.#cgroups, id)).filter((pid) => !inside.has(pid));
      if (outside.length === 0) return;
      if (Date.now() > deadline)
        throw new GantryError(
          "kernel",
          `container ${id.slice(0, 12)} makes processes faster than they freeze`,
        );
      for (const pid of outside) await moveProcess(folder, pid).catch(ignoreGone);
    }
  }

  async #write(name: string, frozen: boolean): Promise<void> {
    const { version, parent } = this.#layout ?? { version: 2, parent: "" };
    const [file, value] =
      version === 2 ? ["cgroup.freeze", frozen ? "1" : "0"] : ["freezer.state", frozen ? "FROZEN" : "THAWED"];
    await writeFile(join(parent, name, file), value).catch(ignoreGone);
  }

  async #state(name: string): Promise<"frozen" | "freezing" | "thawed"> {
    const { version, parent } = this.#layout ?? { version: 2, parent: "" };
    const read = async (file: string): Promise<string> =>
      await readFile(join(parent, name, file), "utf8").catch(() => "");
    if (version === 2) {
      if ((await read("cgroup.freeze")).trim() !== "1") return "thawed";
      return /^frozen 1$/m.test(await read("cgroup.events")) ? "frozen" : "freezing";
    }
    const state = (await read("freezer.state")).trim();
    return state === "FROZEN" ? "frozen" : state === "FREEZING" ? "freezing" : "thawed";
  }
}

/** A process or a container that ended meanwhile needs nothing more. */
function ignoreGone(error: unknown): void {
  const code = errnoOf(error);
  if (code !== "ESRCH" && code !== "ENOENT" && code !== "ENODEV") throw error;
}
