import { randomBytes } from "node:crypto";
import { GantryError } from "../error.ts";
import { diskUsage } from "../host/disk-usage.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Volume } from "../runtime/volumes.ts";
import type { Engine, EngineEvent } from "./engine.ts";

/** What can be asked for volumes. */
export function volumeOperations(runtime: Runtime, emit: (event: EngineEvent) => void): Engine["volumes"] {
  const { volumes } = runtime;
  const tell = (action: string, name: string): void =>
    emit({ type: "volume", action, id: name, attributes: { driver: "local" }, time: Date.now() });

  const usersOf = (name: string): readonly string[] =>
    runtime.records
      .list()
      .filter(({ config }) => config.mounts.some((mount) => mount.type === "volume" && mount.source === name))
      .map(({ id }) => id);

  async function find(name: string): Promise<Volume> {
    const found = await volumes.find(name);
    if (found !== undefined) return found;
    throw new GantryError("volume.not-found", `get ${name}: no such volume`, { next: "docker volume ls" });
  }

  return {
    list: async () => {
      const found = await Promise.all((await volumes.list()).map((name) => volumes.find(name)));
      return found.flatMap((volume) =>
        volume === undefined ? [] : [{ ...volume, users: usersOf(volume.name) }],
      );
    },
    find: async (name) => ({ ...(await find(name)), users: usersOf(name) }),
    create: async (name = randomBytes(32).toString("hex"), labels) => {
      const before = await volumes.find(name);
      await volumes.ensure(name, labels);
      if (before === undefined) tell("create", name);
      return { ...(await find(name)), users: usersOf(name) };
    },
    remove: async (name, { force }) => {
      const found = await volumes.find(name);
      if (found === undefined && force) return;
      await find(name);
      const users = usersOf(name);
      if (users.length > 0)
        throw new GantryError("volume.in-use", `remove ${name}: volume is in use - [${users.join(", ")}]`, {
          next: "remove those containers first",
        });
      await volumes.remove(name);
      tell("destroy", name);
    },
    size: async (name) => {
      const { data } = await find(name);
      return (await diskUsage([data])).get(data) ?? 0;
    },
  };
}
