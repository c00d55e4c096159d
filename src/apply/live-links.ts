import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseAddress } from "../net/ipv4.ts";
import {
  containerLink,
  type ContainerLink,
  linkIndex,
  removeLinkNamed,
} from "../net/netlink/container-link.ts";
import { interfaceTo } from "../net/route-table.ts";
import { NEW, type ProcessIdentity } from "../runtime/namespaces.ts";
import { PlanWriter } from "../runtime/plan/encode.ts";
import { SLOT } from "../runtime/plan/operation.ts";
import type { Runtime } from "../runtime/runtime.ts";

const NETWORK = { host: 0, own: 1 } as const;
const NO_PID = -1;

/** Links of containers that run: made and taken away while their processes go on. */
export class LiveLinks {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Connects a running container as its next free interface. Throws kernel. */
  async connect(
    process: ProcessIdentity,
    link: Omit<ContainerLink, "hostName" | "hostIndex" | "number">,
  ): Promise<void> {
    const taken = await interfacesOf(process.pid);
    let number = 0;
    while (taken.has(`eth${number}`)) number += 1;
    await this.#make(process, { ...link, number });
  }

  /** Takes the link to an address away, if there is one. */
  async disconnect(address: string): Promise<void> {
    const name = interfaceTo(await readFile("/proc/net/route", "utf8"), parseAddress(address));
    if (name === undefined) return;
    const plan = new PlanWriter().add("netlink", NETWORK.host, removeLinkNamed(name), NO_PID).bytes();
    await this.#runtime.launcher.execute(plan, ["ENODEV"]);
  }

  /** Makes a link anew that somebody took away, or took the route of. */
  async restore(
    process: ProcessIdentity,
    link: Omit<ContainerLink, "hostName" | "hostIndex"> & { readonly number: number },
  ): Promise<void> {
    if ((await interfacesOf(process.pid)).has(`eth${link.number}`)) {
      const remove = inside(process).add(
        "netlink",
        NETWORK.own,
        removeLinkNamed(`eth${link.number}`),
        NO_PID,
      );
      await this.#runtime.launcher.execute(remove.bytes(), ["ENODEV"]);
    }
    await this.#make(process, link);
  }

  async #make(process: ProcessIdentity, link: Omit<ContainerLink, "hostName" | "hostIndex">): Promise<void> {
    const { host, container } = containerLink({
      ...link,
      hostName: `gt${randomBytes(6).toString("hex")}`,
      hostIndex: linkIndex(),
    });
    new DataView(host.messages.buffer).setUint32(host.pidOffset, process.pid, true);
    // The host's end first: in one process, since the other end is configured from inside.
    const plan = new PlanWriter().add("netlink", NETWORK.host, host.messages, NO_PID).bytes();
    await this.#runtime.launcher.execute(plan);
    await this.#runtime.launcher.execute(
      inside(process).add("netlink", NETWORK.own, container, NO_PID).bytes(),
      ["EEXIST"],
    );
  }
}

/** A plan that goes on in the network namespace of a process. */
function inside({ pid, startTime }: ProcessIdentity): PlanWriter {
  return new PlanWriter()
    .add("process", SLOT.firstFree, pid, startTime)
    .add("join", SLOT.firstFree, NEW.network);
}

/** Names of the interfaces a process sees (proc_pid_net(5)). */
async function interfacesOf(pid: number): Promise<ReadonlySet<string>> {
  const text = await readFile(`/proc/${pid}/net/dev`, "utf8");
  return new Set([...text.matchAll(/^\s*([^\s:]+):/gm)].map(([, name = ""]) => name));
}
