import { createReadStream } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { ImageStore } from "../image/store.ts";
import type { Registries } from "../registry/registries.ts";
import type { Action } from "../reconcile/action.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Attachment } from "./attachment.ts";
import type { Containers } from "./containers.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Handlers } from "./execute.ts";
import { withLastLines } from "./last-lines.ts";
import { Takeover } from "./takeover.ts";

export interface Organs {
  readonly runtime: Runtime;
  readonly images: ImageStore;
  readonly registries: Registries;
  readonly attachment: Attachment;
  readonly endpoints: Endpoints;
  readonly containers: Containers;
}

/** How each kind of action is carried out. */
export function handlersFor({
  runtime,
  images,
  registries,
  attachment,
  endpoints,
  containers,
}: Organs): Handlers {
  const takeover = new Takeover(runtime, endpoints);
  return {
    "create-network": async ({ network }) => {
      await attachment.createNetwork(network);
    },
    "remove-network": ({ name }) => attachment.removeNetwork(name),
    "create-volume": ({ name, labels }) => runtime.volumes.ensure(name, labels),
    "remove-volume": ({ name }) => runtime.volumes.remove(name),
    "import-image": async ({ reference, file }) => {
      await images.import(createReadStream(file), reference);
    },
    "pull-image": async ({ reference }, signal) => {
      await registries.pull(reference, { signal });
    },
    publish: ({ project, service, ports }) => endpoints.publish(project, service, ports),
    create: async (action) => {
      await containers.create(action);
    },
    schedule: async (action) => {
      await containers.make(action);
    },
    reschedule: ({ id, runAt }) => containers.update(id, { runAt }),
    start: async ({ id, failures }) => {
      if (runtime.records.get(id)?.stoppedByUser === true)
        await containers.update(id, { stoppedByUser: false });
      try {
        await containers.start(id);
      } finally {
        // Counted once it was tried: before, it would look like one that has used up its tries and is left dead.
        await containers.endRestart(id, failures);
      }
    },
    update: ({ id, config, fingerprint }) => {
      const record = runtime.records.get(id);
      // The planner knows no image ids of images it could not resolve, and mounts are named by now.
      const mounts = record?.config.mounts ?? config.mounts;
      const image = record?.imageId;
      return containers.update(id, {
        config: { ...config, mounts },
        fingerprint: { ...fingerprint, ...(image === undefined ? {} : { image }) },
      });
    },
    restart: async ({ id, graceMs, failures }, signal) => {
      // Kept on disk first: whoever finds it stopped knows that nobody wanted it to stay so.
      await containers.update(id, { restarting: true });
      await containers.stop(id, graceMs, signal);
      try {
        await containers.start(id);
      } finally {
        await containers.endRestart(id, failures);
      }
    },
    stop: async ({ id, graceMs }, signal) => {
      await containers.update(id, { stoppedByUser: true });
      await containers.stop(id, graceMs, signal);
    },
    remove: ({ id, graceMs }, signal) => containers.remove(id, { graceMs, signal, volumes: true }),
    replace: (action, signal) => replace(containers, takeover, runtime, action, signal),
  };
}

/** A program that ends at once was up for a moment, too. */
const LEAST_MONITOR_MS = 250;

async function replace(
  containers: Containers,
  takeover: Takeover,
  runtime: Runtime,
  action: Action<"replace">,
  signal: AbortSignal,
): Promise<void> {
  const { id, order, graceMs } = action;
  const monitorMs = action.monitorMs ?? LEAST_MONITOR_MS;
  if (order === "stop-first") {
    await containers.remove(id, { graceMs, signal, volumes: true });
    const made = await containers.create(action);
    await takeover.wait(made, monitorMs, signal).catch(async (error: unknown) => {
      throw await withLastLines(runtime, made, error);
    });
    await rest(action, signal);
    return;
  }
  const ownName = runtime.records.get(id)?.name ?? action.name;
  // Two at once under one name: the one that leaves steps aside, as docker compose has it.
  await containers.update(id, { name: `${id.slice(0, 12)}_${action.name}` });
  let made: string | undefined;
  try {
    made = await containers.make(action);
    await containers.start(made);
    await takeover.wait(made, monitorMs, signal);
  } catch (failure) {
    const error = made === undefined ? failure : await withLastLines(runtime, made, failure);
    // The old one serves on under its own name; the new one is taken back.
    if (made !== undefined) await containers.remove(made, { graceMs: 0, volumes: true });
    await containers.update(id, { name: ownName });
    throw error;
  }
  await containers.remove(id, { graceMs, signal, volumes: true });
  await rest(action, signal);
}

/** The pause between two replacements. One that is cut short has done its work all the same. */
async function rest({ delayMs = 0 }: Action<"replace">, signal: AbortSignal): Promise<void> {
  if (delayMs > 0) await delay(delayMs, undefined, { signal }).catch(() => undefined);
}
