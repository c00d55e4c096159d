import { join } from "node:path";
import { diskUsage } from "../host/disk-usage.ts";
import { observeContainer } from "../observe/observe.ts";
import type { ObservedContainer } from "../observe/snapshot.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** What containers and volumes take on the disk. */
export interface DiskUsage {
  readonly containers: readonly {
    readonly container: ObservedContainer;
    /** Its writable layer, and its logs. */
    readonly writableBytes: number;
    readonly logBytes: number;
  }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly folder: string;
    readonly bytes: number;
    /** Containers that mount it. */
    readonly users: number;
  }[];
}

/** Looks at every file: seconds where there are millions. */
export async function measureDisk(runtime: Runtime): Promise<DiskUsage> {
  const records = runtime.records.list();
  const names = await runtime.volumes.list();
  const upperOf = (id: string): string => join(runtime.records.folder(id), "upper");
  const sizes = await diskUsage([
    ...records.flatMap(({ id }) => [runtime.records.folder(id), upperOf(id)]),
    ...names.map((name) => runtime.volumes.data(name)),
  ]);
  return {
    containers: records.map((record) => {
      const writableBytes = sizes.get(upperOf(record.id)) ?? 0;
      const all = sizes.get(runtime.records.folder(record.id)) ?? 0;
      const container = observeContainer(runtime, record);
      return { container, writableBytes, logBytes: Math.max(0, all - writableBytes) };
    }),
    volumes: names.map((name) => ({
      name,
      folder: runtime.volumes.data(name),
      bytes: sizes.get(runtime.volumes.data(name)) ?? 0,
      users: records.filter(({ config }) =>
        config.mounts.some((mount) => mount.type === "volume" && mount.source === name),
      ).length,
    })),
  };
}
