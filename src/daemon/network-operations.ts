import type { Attachment } from "../apply/attachment.ts";
import type { Containers } from "../apply/containers.ts";
import type { Naming } from "../apply/naming.ts";
import { attachmentsOf } from "../apply/network-attachments.ts";
import { GantryError } from "../error.ts";
import type { Network, Networks } from "../net/networks.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Engine, EngineEvent, NetworkView } from "./engine.ts";
import { findRecord } from "./container-operations.ts";

export interface NetworkOperationsOptions {
  readonly runtime: Runtime;
  readonly networks: Networks;
  readonly attachment: Attachment;
  readonly containers: Containers;
  readonly naming: Naming;
  readonly emit: (event: EngineEvent) => void;
}

/** What can be asked of networks by hand. Those of projects come and go with their projects. */
export function networkOperations({
  runtime,
  networks,
  attachment,
  containers,
  naming,
  emit,
}: NetworkOperationsOptions): Engine["networks"] {
  function find(reference: string): Network {
    const named = networks.get(reference);
    const found =
      named === undefined ? networks.list().filter(({ id }) => id.startsWith(reference)) : [named];
    const [network, second] = /^[0-9a-f]{4,64}$/.test(reference) || named !== undefined ? found : [];
    if (second !== undefined)
      throw new GantryError("conflict", `several networks have an id that begins with ${reference}`);
    if (network !== undefined) return network;
    throw new GantryError("network.not-found", `network ${reference} not found`, {
      next: "gantry network ls",
    });
  }

  function view(network: Network): NetworkView {
    const found = runtime.records.list().flatMap((record) => {
      const own = attachmentsOf(record).find((one) => one.network === network.name);
      if (own === undefined) return [];
      const running = runtime.status(record.id).phase === "running";
      return [{ id: record.id, name: record.name, running, attachment: own }];
    });
    return { ...network, containers: found };
  }

  function tell(action: string, { id, name }: Network, container?: ContainerRecord): void {
    const attributes = { name, type: "bridge", ...(container && { container: container.id }) };
    emit({ type: "network", action, id, attributes, time: Date.now() });
  }

  return {
    list: async () => networks.list().map(view),
    find: async (reference) => view(find(reference)),
    create: async (definition) => {
      if (networks.get(definition.name) !== undefined)
        throw new GantryError("conflict", `network with name ${definition.name} already exists`);
      const network = await attachment.createNetwork(definition);
      tell("create", network);
      return view(network);
    },
    remove: async (reference) => {
      const network = find(reference);
      await attachment.removeNetwork(network.name);
      tell("destroy", network);
    },
    prune: async (matches) => {
      const unused = networks
        .list()
        .filter((network) => network.project === undefined)
        .map(view)
        .filter((network) => network.containers.length === 0 && matches(network));
      for (const network of unused) {
        await attachment.removeNetwork(network.name);
        tell("destroy", network);
      }
      return unused.map(({ name }) => name);
    },
    connect: async (reference, container, options) => {
      const network = find(reference);
      const record = findRecord(runtime, container);
      await containers.update(
        record.id,
        await attachment.connect(record, { name: network.name, ...options }),
      );
      await naming.syncOf(findRecord(runtime, record.id));
      tell("connect", network, record);
    },
    disconnect: async (reference, container) => {
      const network = find(reference);
      const record = findRecord(runtime, container);
      await containers.update(record.id, await attachment.disconnect(record, network.name));
      await Promise.all([naming.sync(network.name), naming.syncOf(findRecord(runtime, record.id))]);
      tell("disconnect", network, record);
    },
  };
}
