// What a spec costs to read: found, parsed, interpolated, merged, validated, resolved. The first load of a process pays for
// the schema and for code that is not compiled yet, as every command does; the later ones are what gantry watch waits for.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./statistics.mjs";

const SIZES = [80, 1000];
const PROCESSES = 7;

/** As people write them: a dozen keys each, half of them from an anchor. */
function spec(services) {
  const head = `x-common: &common
  restart: unless-stopped
  environment: &env { TZ: UTC, LEVEL: "\${LEVEL:-info}" }
  stop_grace_period: 20s
  labels: { com.example.team: a, com.example.tier: "\${TIER:-one}" }
services:
`;
  const one = (number) => `  service-${number}:
    <<: *common
    image: registry.example.com/team/service-${number}:\${TAG:-1.0}
    command: ["serve", "--port", "8080", "--name", "service-${number}"]
    environment: { <<: *env, NUMBER: ${number}, URL: "http://service-${(number + 1) % services}:8080" }
    ports: ["127.0.0.1:${10_000 + number}:8080"]
    volumes:
      - data-${number % 10}:/var/lib/data
      - ./config/${number}:/etc/service:ro
    deploy:
      replicas: 2
      resources: { limits: { cpus: "0.50", memory: 128M } }
    ulimits: { nofile: { soft: 1024, hard: 2048 } }
    depends_on: ${number === 0 ? "[]" : `[service-${number - 1}]`}
`;
  const volumes = Array.from({ length: 10 }, (_, number) => `  data-${number}: {}\n`).join("");
  return `${head}${Array.from({ length: services }, (_, number) => one(number)).join("")}volumes:\n${volumes}`;
}

const PROGRAM = `
const { loadProject } = await import(process.argv[2]);
const times = [];
for (let round = 0; round < 5; round += 1) {
  const began = performance.now();
  await loadProject({ cwd: process.argv[3], env: {} });
  times.push(performance.now() - began);
}
console.log(JSON.stringify(times));
`;

const folder = mkdtempSync(join(tmpdir(), "gantry-bench-load-"));
try {
  writeFileSync(join(folder, "measure.mjs"), PROGRAM);
  for (const services of SIZES) {
    writeFileSync(join(folder, "compose.yaml"), spec(services));
    const first = [];
    const later = [];
    for (let index = 0; index < PROCESSES; index += 1) {
      const [cold, ...warm] = JSON.parse(
        execFileSync(process.execPath, [
          join(folder, "measure.mjs"),
          new URL("../dist/spec/load.js", import.meta.url).href,
          folder,
        ]).toString(),
      );
      first.push(cold);
      later.push(median(warm));
    }
    const shown = (times) => `${median(times).toFixed(0)} ms`;
    console.log(`${services} services: ${shown(first)} the first time, ${shown(later)} after that`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
