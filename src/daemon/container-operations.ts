import { GantryError } from "../error.ts";
import type { Containers } from "../apply/containers.ts";
import { scopeOf } from "../apply/scope.ts";
import { diskUsage } from "../host/disk-usage.ts";
import type { ImageStore } from "../image/store.ts";
import type { Proxy } from "../net/proxy.ts";
import { observeContainer } from "../observe/observe.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import { readLog } from "../runtime/log.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { ContainerFiles } from "./container-files.ts";
import type { ContainerAction } from "./events.ts";
import type { Engine } from "./engine.ts";
import type { Loop } from "./loop.ts";
import { containerCreation } from "./creation.ts";
import type { Unowned } from "./unowned.ts";
import { waitFor } from "./wait.ts";

const SHORTEST_PREFIX = 1;

/** Finds a container by name, id, or unique beginning of its id. */
export function findRecord(runtime: Runtime, reference: string): ContainerRecord {
  const records = runtime.records.list().filter(({ build }) => build !== true);
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
  unowned,
  images,
  proxy,
  subscribe,
  files,
}: {
  readonly runtime: Runtime;
  readonly containers: Containers;
  readonly loop: Loop;
  /** Says what happened, in docker's words. */
  readonly emit: (action: ContainerAction, record: ContainerRecord) => void;
  readonly unowned: Unowned;
  readonly images: ImageStore;
  readonly proxy: Proxy;
  readonly subscribe: Engine["subscribe"];
  readonly files: ContainerFiles;
}): Engine["containers"] {
  const find = (reference: string): ContainerRecord => findRecord(runtime, reference);
  const creation = containerCreation({ runtime, images, containers, find });

  /** Its project's file says what it is: the loop would not know of another wish. Throws conflict. */
  function requireUnowned({ name, owner }: ContainerRecord, what: string): void {
    if (owner === undefined) return;
    throw new GantryError(
      "conflict",
      `${name} belongs to project ${owner.project}, whose file says its ${what}`,
      {
        next: "change the file, then: gantry apply",
      },
    );
  }

  /** Between the passes of the container's project, so that both do not pull at it at once. */
  async function between<T>({ id, owner }: ContainerRecord, task: () => Promise<T>): Promise<T> {
    if (owner === undefined) return await unowned.exclusively(id, task);
    try {
      return await loop.exclusively(owner.project, task);
    } finally {
      loop.wake(owner.project);
    }
  }

  /** One without a project that cannot be started stays stopped: only a restart goes on trying. */
  async function startByHand({ id, owner, autoRemove }: ContainerRecord): Promise<boolean> {
    await containers.update(id, {
      stoppedByUser: false,
      failures: 0,
      ...(owner === undefined && { started: true }),
    });
    try {
      return await containers.start(id);
    } catch (error) {
      if (owner === undefined) await containers.update(id, { stoppedByUser: true });
      if (autoRemove === true) await containers.remove(id, { graceMs: 0, volumes: true });
      throw error;
    }
  }

  return {
    list: async () =>
      [...runtime.records.list()]
        .filter(({ build }) => build !== true)
        .sort((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1))
        .map((record) => observeContainer(runtime, record)),
    find: async (reference) => observeContainer(runtime, find(reference)),
    create: creation.create,
    rename: async (reference, name) => {
      const record = find(reference);
      requireUnowned(record, "name");
      await creation.withName(name, () => between(record, () => containers.update(record.id, { name })));
    },
    update: async (reference, change) => {
      const record = find(reference);
      requireUnowned(record, "limits");
      return await between(record, async () => {
        const config = { ...record.config, ...change };
        const warnings = await runtime.check(config);
        await containers.update(record.id, { config });
        unowned.wake(record.id);
        return warnings;
      });
    },
    ports: (container) => {
      const { project, service } = scopeOf(container);
      return proxy
        .published()
        .filter((port) => port.project === project && port.service === service)
        .map(({ protocol, hostIp, boundPort, containerPort }) => ({
          protocol,
          ...(hostIp === undefined ? {} : { hostIp }),
          hostPort: boundPort,
          containerPort,
        }));
    },
    size: async (reference) => {
      const folder = runtime.records.folder(find(reference).id);
      return (await diskUsage([folder])).get(folder) ?? 0;
    },
    start: async (reference) => {
      const record = find(reference);
      return await between(record, () => startByHand(record));
    },
    stop: async (reference, { graceMs, signal }) => {
      const record = find(reference);
      return await between(record, async () => {
        await containers.update(record.id, { stoppedByUser: true });
        return await containers.stop(record.id, graceMs ?? record.config.stopGraceMs, undefined, signal);
      });
    },
    restart: async (reference, { graceMs, signal }) => {
      const record = find(reference);
      await between(record, async () => {
        await containers.stop(record.id, graceMs ?? record.config.stopGraceMs, undefined, signal);
        await startByHand(record);
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
    wait: async (reference, condition = "not-running", signal) =>
      await waitFor({ runtime, subscribe }, find(reference), condition, signal),
    logs: (reference, options) => {
      const { id } = find(reference);
      const folder = runtime.records.folder(id);
      if (!options.follow) return readLog(folder, options, Promise.resolve());
      if (options.nextLife !== true) return readLog(folder, options, runtime.wait(id));
      const ended = waitFor({ runtime, subscribe }, { id }, "next-exit", options.signal);
      return unowned.keptFor(id, readLog(folder, options, ended));
    },
    processes: async (reference, psArguments) => await runtime.processes(find(reference).id, psArguments),
    usage: async (reference) => await runtime.usage(find(reference).id),
    attach: async (reference, options) => {
      const { id } = find(reference);
      const session = await runtime.attach(id, options);
      return session;
    },
    resize: async (reference, size) => await runtime.resize(find(reference).id, size),
    changes: async (reference) => await files.changes(find(reference)),
    export: async (reference) => await files.export(find(reference)),
    readPath: async (reference, path) => await files.read(find(reference), path),
    pathStatus: async (reference, path) => await files.status(find(reference), path),
    writePath: async (reference, options, body) => await files.write(find(reference), options, body),
    commit: async (reference, options) => {
      const record = find(reference);
      const { id } = await files.commit(record, options);
      emit("commit", record);
      return id;
    },
    exec: async (reference, config) => {
      const record = find(reference);
      return await runtime.exec(record.id, config, await containers.imageOf(record));
    },
  };
}
