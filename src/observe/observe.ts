import type { ImageStore } from "../image/store.ts";
import type { Networks } from "../net/networks.ts";
import type { Proxy } from "../net/proxy.ts";
import { takenPorts } from "../net/taken.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import type { ObservedContainer, Snapshot } from "./snapshot.ts";

/** What is looked at. */
export interface World {
  readonly runtime: Runtime;
  readonly images: ImageStore;
  readonly networks: Networks;
  readonly proxy: Proxy;
}

/** A container's record and what is known of its process. */
export function observeContainer(runtime: Runtime, record: ContainerRecord): ObservedContainer {
  const status = runtime.status(record.id);
  switch (status.phase) {
    case "running": {
      const { pid, startedAt } = status.process;
      const paused = runtime.isPaused(record.id) ? ({ paused: true } as const) : {};
      const health = runtime.health.of(record.id);
      return {
        ...record,
        state: "running",
        oomKilled: false,
        pid,
        startedAt,
        ...paused,
        ...(health === undefined ? {} : { health }),
      };
    }
    case "exited": {
      const { code, oomKilled, startedAt, finishedAt } = status.exit;
      return { ...record, state: "exited", oomKilled, startedAt, finishedAt, exitCode: code };
    }
    case "created": {
      const { failure } = status;
      if (failure === undefined) return { ...record, state: "created", oomKilled: false };
      const { at, ...startFailure } = failure;
      return { ...record, state: "created", oomKilled: false, startFailure, finishedAt: at };
    }
  }
}

/**
 * One look at the world, read-only. `references` are the images the desired state asks for; only those are resolved.
 * `now` in ms since the epoch.
 */
export async function observe(world: World, references: readonly string[], now: number): Promise<Snapshot> {
  const { runtime, images, networks, proxy } = world;
  const listening = proxy.published();
  const [taken, volumes, resolved] = await Promise.all([
    takenPorts(listening.map((port) => ({ ...port, hostPort: port.boundPort }))),
    runtime.volumes.list(),
    Promise.all(
      references.map(async (reference) => [reference, (await images.resolve(reference))?.id] as const),
    ),
  ]);
  return {
    time: now,
    containers: runtime.records.list().map((record) => observeContainer(runtime, record)),
    images: Object.fromEntries(resolved.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    imagesCheckedAt: Object.fromEntries(
      references.flatMap((reference) => {
        const at = images.checkedAt(reference);
        return at === undefined ? [] : [[reference, at] as const];
      }),
    ),
    networks: networks.list(),
    volumes,
    takenPorts: taken,
    published: listening.map(({ boundPort: _, ...port }) => port),
  };
}
