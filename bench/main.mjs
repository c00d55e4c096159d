// npm run bench -- NAME [options]: each benchmark is a file of its own, and prints what it measured.
import { enclosed } from "./enclosure.mjs";

const BENCHMARKS = {
  load: "what reading a spec of 80 and of 1,000 services takes",
  plan: "what the planner takes to find 1,000 containers unchanged",
  scale: "1 -> N replicas: the kernel's own limit, gantry, docker; memory too [--replicas 100] [--rounds 3]",
  reload: "from saving a new replica count until the new replica answers [--rounds 20]",
  pull: "an image of several layers from a registry on loopback: gantry, docker, skopeo + umoci [--rounds 3]",
  net: "a published port: throughput against a direct connection and docker-proxy, memory [--rounds 3] [--seconds 2] [--idle 10000]",
  exec: "a command in a running container [--rounds 20]",
};
/** These start containers, so they run as root in namespaces of their own. */
const ENCLOSED = new Set(["scale", "reload", "exec", "net", "pull"]);

const [name = "", ...options] = process.argv.slice(2);
if (!(name in BENCHMARKS)) {
  const list = Object.entries(BENCHMARKS).map(([key, text]) => `  ${key.padEnd(8)} ${text}`);
  console.error(`usage: npm run bench -- NAME [options]\n${list.join("\n")}`);
  process.exit(2);
}
if (ENCLOSED.has(name)) {
  const base = process.env.GANTRY_BENCH_BASE;
  if (base === undefined) process.exitCode = await enclosed([import.meta.filename, name, ...options]);
  else {
    const { run } = await import(`./${name}.mjs`);
    await run(base, options);
    process.exit(0); // whatever still runs dies with the enclosure
  }
} else await import(`./${name}.mjs`);
