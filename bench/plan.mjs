// How long the planner takes to find that 1,000 containers are as they should be, in milliseconds.
// Reads dist/: run `npm run build` first. Target: a median under 10 ms.
import { fingerprint } from "../dist/reconcile/fingerprint.js";
import { plan } from "../dist/reconcile/plan.js";
import { replicaConfig, replicaName } from "../dist/reconcile/replica.js";

const CONTAINERS = 1000;
const ROUNDS = 200;
const NOW = 1_700_000_000_000;

/** A project whose services together have 1,000 replicas. */
function project(services) {
  const service = (index) => ({
    image: "web:1",
    command: ["serve", "--port", "80"],
    environment: { LOG_LEVEL: "info", REGION: "eu", DATABASE: "postgres://db/shop" },
    ports: [{ protocol: "tcp", hostPort: 10_000 + index, containerPort: 80 }],
    mounts: [{ type: "volume", source: "shop_data", target: "/data", readOnly: true }],
    replicas: CONTAINERS / services,
    limits: { memoryBytes: 64 * 2 ** 20, nanocpus: 5e8, pids: 100 },
    restart: { name: "always" },
    stopGraceMs: 10_000,
    labels: { team: "shop" },
    init: true,
  });
  return {
    name: "shop",
    services: Object.fromEntries(
      Array.from({ length: services }, (_, index) => [`s${index}`, service(index)]),
    ),
    volumes: { data: { name: "shop_data", external: false, labels: {} } },
    images: {},
    workingFolder: "/srv/shop",
    files: ["/srv/shop/compose.yaml"],
  };
}

/** The world in which nothing is left to do. */
function settled(wanted) {
  const containers = Object.entries(wanted.services).flatMap(([name, { replicas }]) =>
    Array.from({ length: replicas }, (_, index) => {
      const config = replicaConfig(wanted, name, index + 1);
      return {
        id: `${name}-${index}`,
        name: replicaName(wanted.name, name, index + 1),
        owner: { project: wanted.name, service: name, number: index + 1 },
        config,
        imageId: "sha256:1",
        fingerprint: fingerprint(config, "sha256:1"),
        createdAt: NOW,
        stoppedByUser: false,
        failures: 0,
        state: "running",
        oomKilled: false,
      };
    }),
  );
  const published = Object.entries(wanted.services).flatMap(([service, { ports }]) =>
    ports.map((port) => ({ ...port, project: wanted.name, service })),
  );
  const images = { "web:1": "sha256:1" };
  return {
    time: NOW,
    containers,
    images,
    networks: [
      {
        name: "shop_default",
        project: "shop",
        labels: { "com.docker.compose.project": "shop", "com.docker.compose.network": "default" },
        internal: false,
        subnets: [],
      },
    ],
    volumes: ["shop_data"],
    takenPorts: [],
    published,
  };
}

for (const services of [1, 100, CONTAINERS]) {
  const wanted = project(services);
  const snapshot = settled(wanted);
  const desired = { project: wanted, replicas: {}, stopped: [] };
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    const { steps } = plan({ desired, project: wanted.name, snapshot, now: NOW });
    times.push(performance.now() - began);
    if (steps.length > 0)
      throw new Error(`the benchmark's world is not settled: ${JSON.stringify(steps[0]).slice(0, 300)}`);
  }
  const first = times[0];
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)];
  console.log(
    `plan, ${CONTAINERS} unchanged containers of ${services} services: ` +
      `${median.toFixed(2)} ms median, ${first.toFixed(2)} ms the first time`,
  );
}
