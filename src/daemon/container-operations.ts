import { GantryError } from "../error.ts";
import type { Containers } from "../apply/containers.ts";
import { observeContainer } from "../observe/observe.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import { readLog } from "../runtime/log.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { ContainerAction } from "./events.ts";
import type { Engine } from "./engine.ts";
import type { Loop } from "./loop.ts";

const SHORTEST_PREFIX = 1;

/** Finds a container by name, id, or unique beginning of its id. */
export function findRecord(runtime: Runtime, reference: string): ContainerRecord {
  const records = runtime.records.list();
  const exact = records.find(
    ({ id, name }) => id === reference || name === reference || `/${name}` === reference,
  );
  if (exact !== undefined) return exact;
  const matching =
    reference.length >= SHORTEST_PREFIX ? records.filter(({ id }) => id.startsWith(reference)) : [];
  const [only] = matching;
  if (only === undefined)
    throw new GantryError("container.not-found", `No such container: ${reference}`, { next: "gantry ps -a" });
  if (matching.length > 1)
    throw new GantryError("conflict", `${reference} is the beginning of ${matching.length} containers' ids`, {
      next: "give more digits, or the name",
    });
  return only;
}

/** What can be asked for a single container, whoever owns it. */
export function containerOperations({
  runtime,
  containers,
  loop,
  emit,
}: {
  readonly runtime: Runtime;
  readonly containers: Containers;
  readonly loop: Loop;
  /** Says what happened, in docker's words. */
  readonly emit: (action: ContainerAction, record: ContainerRecord) => void;
}): Engine["containers"] {
  const find = (reference: string): ContainerRecord => findRecord(runtime, reference);

  /** Between the passes of the container's project, so that both do not pull at it at once. */
  async function between<T>({ owner }: ContainerRecord, task: () => Promise<T>): Promise<T> {
    if (owner === undefined) return await task();
    try {
      return await loop.exclusively(owner.project, task);
    } finally {
      loop.wake(owner.project);
    }
  }

  return {
    list: async () =>
      [...runtime.records.list()]
        .sort((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1))
        .map((record) => observeContainer(runtime, record)),
    find: async (reference) => observeContainer(runtime, find(reference)),
    start: async (reference) => {
      const record = find(reference);
      return await between(record, async () => {
        await containers.update(record.id, { stoppedByUser: false, failures: 0 });
        return await containers.start(record.id);
      });
    },
    stop: async (reference, { graceMs }) => {
      const record = find(reference);
      return await between(record, async () => {
        await containers.update(record.id, { stoppedByUser: true });
        return await containers.stop(record.id, graceMs ?? record.config.stopGraceMs);
      });
    },
    restart: async (reference, { graceMs }) => {
      const record = find(reference);
      await between(record, async () => {
        await containers.stop(record.id, graceMs ?? record.config.stopGraceMs);
        await containers.update(record.id, { stoppedByUser: false, failures: 0 });
        await containers.start(record.id);
      });
    },
    kill: async (reference, signal) => runtime.kill(find(reference).id, signal),
    pause: async (reference) => {
      const record = find(reference);
      await runtime.pause(record.id);
      emit("pause", record);
    },
    unpause: async (reference) => {
      const record = find(reference);
      await runtime.unpause(record.id);
      emit("unpause", record);
    },
    remove: async (reference, { force, volumes }) => {
      const record = find(reference);
      if (!force && runtime.status(record.id).phase === "running")
        throw new GantryError("container.running", `container ${record.name} is running`, {
          next: `stop it first, or: gantry rm -f ${record.name}`,
        });
      await between(record, () => containers.remove(record.id, { graceMs: 0, volumes }));
    },
    wait: async (reference) => {
      const { id } = find(reference);
      await runtime.wait(id);
      const status = runtime.status(id);
      return status.phase === "exited" ? status.exit.code : 0;
    },
    logs: (reference, options) => {
      const { id } = find(reference);
      return readLog(
        runtime.records.folder(id),
        options,
        options.follow ? runtime.wait(id) : Promise.resolve(),
      );
    },
    processes: async (reference, psArguments) => await runtime.processes(find(reference).id, psArguments),
    usage: async (reference) => await runtime.usage(find(reference).id),
    exec: async (reference, config) => {
      const record = find(reference);
      return await runtime.exec(record.id, config, await containers.imageOf(record));
    },
  };
}
