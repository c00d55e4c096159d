import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { killAll, machineryOf } from "./machinery.ts";
import { SERVER } from "./server.fixture.ts";
import { until } from "./until.ts";

const SECONDS = Number(process.env["GANTRY_STORM_SECONDS"] ?? 30);
const SEED = Number(process.env["GANTRY_STORM_SEED"] ?? 20_261_124);
const PORT = 18_590;
/** Longest wait between two blows, in ms; short enough that many fall into the middle of an apply. */
const LONGEST_LULL_MS = 300;
const MOST_REPLICAS = 8;

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

/** mulberry32: small, and the same numbers for the same seed everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function spec(replicas: number, colour: number): string {
  return `name: storm
services:
  web:
    image: host
    command: ${SERVER}
    restart: always
    environment: { COLOUR: "${colour}" }
    ports: ["127.0.0.1:${PORT}:80"]
    volumes: ["kept:/kept"]
    stop_grace_period: 1s
    deploy: { replicas: ${replicas} }
volumes: { kept: {} }
`;
}

/** Host pids of the containers' first processes, as far as a daemon is there to tell. */
async function containerPids(storming: Instance): Promise<readonly number[]> {
  const names = await storming.running().catch(() => []);
  return await Promise.all(names.map((name) => storming.pidOf(name))).catch(() => []);
}

/** What of a daemon's log is no log line: the trace of an end of its own. Two that race for the lock are none. */
async function crashes(storming: Instance): Promise<readonly string[]> {
  const text = await readFile(join(storming.base, "run/daemon.log"), "utf8");
  return text.split("\n").filter((line) => !/^$|^\{|^gantry: another daemon uses /.test(line));
}

test(
  `after ${SECONDS} seconds of kill -9 at random, one apply puts everything right`,
  async () => {
    const random = randomFrom(SEED);
    const below = (limit: number): number => Math.floor(random() * limit);
    const one = <T>(list: readonly T[]): readonly T[] =>
      list.length === 0 ? [] : [list[below(list.length)]!];
    const blows: Readonly<Record<string, () => Promise<void>>> = {
      daemon: () => instance.endDaemon("SIGKILL"),
      launcher: async () => killAll((await machineryOf(instance.base)).launcher),
      proxy: async () => killAll((await machineryOf(instance.base)).proxy),
      "one shim": async () => killAll(one((await machineryOf(instance.base)).shims)),
      "every shim": async () => killAll((await machineryOf(instance.base)).shims),
      everything: async () => {
        const { launcher, proxy, shims } = await machineryOf(instance.base);
        killAll([...launcher, ...proxy, ...shims]);
        await instance.endDaemon("SIGKILL");
      },
      "one container": async () => killAll(one(await containerPids(instance))),
    };
    const names = Object.keys(blows);
    const counts = new Map<string, number>();
    const changes = new Set<Promise<unknown>>();

    await instance.apply(spec(2, 0));
    const end = Date.now() + SECONDS * 1000;
    while (Date.now() < end) {
      if (changes.size < 2) {
        // Not waited for: what it answers in the middle of a storm is not the point, only where things end.
        await instance.write("compose.yaml", spec(below(MOST_REPLICAS + 1), below(3)));
        const verb = below(8) === 0 ? ["down"] : ["apply"];
        const change = instance.gantry(verb).finally(() => changes.delete(change));
        changes.add(change);
      }
      await delay(below(LONGEST_LULL_MS));
      const name = names[below(names.length)]!;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      await blows[name]!();
    }
    await Promise.all(changes);
    console.info(
      `storm, seed ${SEED}: ${[...counts].map(([name, count]) => `${count} x ${name}`).join(", ")}`,
    );

    // The blows' last echoes (a shim that is gone, a proxy to be replaced) may cost this apply time, but not success.
    await instance.apply(spec(4, 9));
    expect(await instance.running()).toEqual(["storm-web-1", "storm-web-2", "storm-web-3", "storm-web-4"]);
    expect([...(await instance.containers()).keys()]).toHaveLength(4);
    expect(await instance.gantry(["plan"])).toMatchObject({ code: 0 });
    await until("four shims, one launcher at most, one proxy", async () => {
      const { launcher, proxy, shims } = await machineryOf(instance.base);
      return shims.length === 4 && launcher.length <= 1 && proxy.length === 1;
    });
    expect(await readdir(join(instance.base, "run/containers"))).toHaveLength(4);
    const kept = (await readdir(join(instance.base, "root/containers"))).map((name) => name.slice(0, 64)); // an id
    expect(new Set(kept).size).toBe(4);
    const answered = new Set<string>();
    await until("all four to answer", async () => {
      answered.add(await (await fetch(`http://127.0.0.1:${PORT}/`)).text());
      return answered.size === 4;
    });
    expect(await crashes(instance)).toEqual([]);
    for (const name of await instance.running())
      expect(await instance.ok(["exec", name, "printenv", "COLOUR"])).toBe("9\n");
  },
  SECONDS * 1000 + 60_000,
);
