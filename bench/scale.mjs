// 1 -> N replicas of `sleep` on the same root files: what the kernel takes at least, what gantry takes, what docker takes.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Docker, MEMORY_BYTES } from "./docker.mjs";
import { cgroupName } from "./enclosure.mjs";
import { folder, Gantry, save } from "./gantry.mjs";
import { peakResident, pidsOf, proportional, resident } from "./processes.mjs";
import { makeRoot } from "./root-archive.mjs";
import { median, numberOption, table } from "./statistics.mjs";

const LIMIT = fileURLToPath(new URL("build/limit", import.meta.url));
/** Docker's best of these counts. */
const PARALLEL = [2, 4, 8, 16];
/** The kernel takes network namespaces down in the background, and holds locks that the next start needs. */
const CALM_MS = 2000;

export async function run(base, options) {
  const replicas = numberOption(options, "replicas", 100);
  const rounds = numberOption(options, "rounds", 3);
  const { root, archive } = makeRoot(base);
  const gantry = await new Gantry(base).open();
  await gantry.cli("import", archive, "bench:1");
  const contestants = gantryContestants(gantry, replicas);
  contestants.unshift(limitContestant(base, root, replicas));
  const watched = join(folder(base, "watched"), "compose.yaml");
  save(watched, spec(1));
  await gantry.watch(watched);
  await gantry.settle(1);

  const withDocker = Docker.installed() && !options.includes("--no-docker");
  let docker;
  if (withDocker) {
    docker = await new Docker(base).open(archive);
    contestants.push(...(await dockerContestants(docker, replicas)));
  } else console.log("*** NO DOCKER: no comparison with it. Try: apt-get install -y docker.io ***");

  await delay(CALM_MS);
  const times = new Map(contestants.map(({ name }) => [name, []]));
  const memory = new Map();
  // Interleaved, so that whatever else the machine does meets all alike.
  for (let round = 0; round < rounds; round++)
    for (const { name, measure, weigh, reset } of contestants) {
      times.get(name).push(await measure());
      if (weigh !== undefined) memory.set(name, weigh());
      await reset?.();
      await delay(CALM_MS);
    }
  report({ replicas, rounds, times, memory, docker });
  await gantry.close();
}

/** A compose file of so many replicas. */
function spec(replicas) {
  return `name: bench
services:
  web:
    image: bench:1
    command: ["sleep", "86400"]
    deploy:
      replicas: ${replicas}
      resources:
        limits:
          memory: ${MEMORY_BYTES}
`;
}

function limitContestant(base, root, replicas) {
  const work = join(base, "limit");
  return {
    name: "kernel's limit",
    measure() {
      mkdirSync(work);
      // As gantry does: else, on ext4, the limit is how fast the kernel passes over inodes that were just deleted.
      spawnSync("chattr", ["+T", work], { stdio: "ignore" });
      const { status, stdout } = spawnSync(LIMIT, [String(replicas), root, work, cgroupName(base)], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      });
      rmSync(work, { recursive: true });
      if (status !== 0) throw new Error("the limit program failed");
      return JSON.parse(stdout).totalMs;
    },
  };
}

function gantryContestants(gantry, replicas) {
  const watched = join(gantry.base, "watched/compose.yaml");
  const applied = join(folder(gantry.base, "applied"), "compose.yaml");
  const apply = (count) => {
    save(applied, spec(count));
    return gantry.cli("apply", "--wait", "-f", applied);
  };
  const weigh = () => weightOf(/^gantry-shim$/, [gantry.daemon.pid]);
  return [
    {
      name: "gantry, file saved under watch",
      measure: () => gantry.timeUntil(replicas, () => save(watched, spec(replicas))),
      weigh,
      reset: async () => {
        save(watched, spec(1));
        await gantry.settle(1);
      },
    },
    {
      name: "gantry apply",
      measure: () => gantry.timeUntil(replicas, () => apply(replicas)),
      weigh,
      reset: async () => {
        await apply(1);
        await gantry.settle(1);
      },
    },
  ];
}

async function dockerContestants(docker, replicas) {
  const ways = [
    ["docker run -d", docker.run],
    ["docker, by its API", docker.createAndStart],
  ];
  const weigh = () => weightOf(/^containerd-shim/, pidsOf(/^(dockerd|containerd)$/));
  const contestants = [];
  for (const [label, startOne] of ways) {
    const tries = [];
    for (const parallel of PARALLEL) {
      const few = Math.min(replicas, 20);
      tries.push({ parallel, ms: await docker.timeToStart(few, parallel, startOne) });
      await docker.removeAll();
    }
    const { parallel } = tries.reduce((best, one) => (one.ms < best.ms ? one : best));
    contestants.push({
      name: `${label}, ${parallel} at once`,
      measure: () => docker.timeToStart(replicas, parallel, startOne),
      weigh,
      reset: () => docker.removeAll(),
    });
  }
  return contestants;
}

/** KiB: the daemons' peak, and per container what its shim holds. */
function weightOf(shim, daemons) {
  const shims = pidsOf(shim);
  return {
    peak: daemons.reduce((sum, pid) => sum + peakResident(pid), 0),
    proportional: median(shims.map(proportional)),
    resident: median(shims.map(resident)),
  };
}

function report({ replicas, rounds, times, memory, docker }) {
  const limit = median(times.get("kernel's limit"));
  const bestGantry = median(times.get("gantry, file saved under watch"));
  const rows = [...times].map(([name, all]) => {
    const ms = median(all);
    const weight = memory.get(name);
    const kib = (value) => (value === undefined ? "" : Math.round(value));
    return [
      name,
      ms.toFixed(0),
      Math.min(...all).toFixed(0),
      (ms / replicas).toFixed(2),
      `${(ms / limit).toFixed(2)}x`,
      `${(ms / bestGantry).toFixed(2)}x`,
      kib(weight === undefined ? undefined : weight.peak / 1024),
      kib(weight?.proportional),
      kib(weight?.resident),
    ];
  });
  const version = docker === undefined ? "" : `, docker ${docker.version}`;
  console.log(`1 -> ${replicas} replicas, ${rounds} rounds, medians; node ${process.version}${version}\n`);
  const header = ["", "ms", "best ms", "ms each", "of the limit", "of gantry", "daemon's peak, MiB"];
  console.log(table([...header, "shim's PSS, KiB", "shim's RSS, KiB"], rows));
}
