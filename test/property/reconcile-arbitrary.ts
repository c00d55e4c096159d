import * as fc from "fast-check";
import { defaultNetwork } from "../../src/net/definition.ts";
import type { ObservedContainer, Snapshot } from "../../src/observe/snapshot.ts";
import type { Desired } from "../../src/reconcile/desired.ts";
import type { Mount, Port, Project, RestartPolicy, Service } from "../../src/spec/project.ts";
import { emptySnapshot, imageId, NOW, project, replica } from "../unit/reconcile/fixture.ts";

const SERVICES = ["a", "b", "constructor", "web-1"];
/** `tools` is not on the machine, but every project says how to import it. */
const IMAGES = ["web:1", "web:2", "db:1", "tools"];

const mount: fc.Arbitrary<Mount> = fc.oneof(
  fc.record({
    type: fc.constant("volume" as const),
    source: fc.constantFrom("shop_x", "shop_y"),
    target: fc.constantFrom("/x", "/y"),
    readOnly: fc.boolean(),
  }),
  fc.record({ type: fc.constant("tmpfs" as const), target: fc.constant("/tmp") }),
);

const restart: fc.Arbitrary<RestartPolicy> = fc.oneof(
  fc.record({ name: fc.constantFrom("no" as const, "always" as const, "unless-stopped" as const) }),
  fc.record({ name: fc.constant("on-failure" as const), maxRetries: fc.nat(3) }),
);

const service: fc.Arbitrary<Omit<Service, "ports">> = fc.record({
  image: fc.constantFrom(...IMAGES),
  environment: fc.dictionary(fc.constantFrom("A", "B"), fc.constantFrom("1", "2")),
  mounts: fc.uniqueArray(mount, { maxLength: 2, selector: (item) => item.target }),
  replicas: fc.nat(4),
  limits: fc.constantFrom({}, { memoryBytes: 64 * 2 ** 20 }, { pids: 10 }),
  restart,
  stopGraceMs: fc.constantFrom(10_000, 1_000),
  labels: fc.dictionary(fc.constantFrom("x", "y"), fc.constantFrom("1", "2")),
  init: fc.boolean(),
});

/** Ports are dealt out, so that no two services of a project want the same one. */
export const anyProject: fc.Arbitrary<Project> = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...SERVICES), service),
    fc.shuffledSubarray([0, 8080, 8081, 8082, 8083, 8084]),
  )
  .map(([services, ports]) => {
    const names = Object.keys(services);
    const portsOf = (index: number): Port[] =>
      ports
        .filter((_, position) => position % names.length === index)
        .map((hostPort) => ({ protocol: "tcp", hostPort, containerPort: 80 }));
    const complete = Object.fromEntries(
      Object.entries(services).map(([name, item], index): [string, Service] => [
        name,
        { ...item, ports: portsOf(index) },
      ]),
    );
    return project(complete, {
      volumes: {
        x: { name: "shop_x", external: false, labels: {} },
        y: { name: "shop_y", external: false, labels: {} },
      },
      images: { tools: { importFrom: "/srv/tools.tar" } },
    });
  });

export const anyDesired: fc.Arbitrary<Desired> = fc.record({
  project: anyProject,
  replicas: fc.dictionary(fc.constantFrom(...SERVICES), fc.nat(4)),
  stopped: fc.subarray(SERVICES),
});

/** What may have become of a container. */
const condition: fc.Arbitrary<Partial<ObservedContainer>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  fc.constant({ state: "created" as const }),
  fc.record({
    state: fc.constant("exited" as const),
    exitCode: fc.constantFrom(0, 1, 137),
    finishedAt: fc.integer({ min: NOW - 70_000, max: NOW + 100 }),
    failures: fc.nat(12),
    stoppedByUser: fc.boolean(),
    oomKilled: fc.boolean(),
  }),
  fc.constant({
    state: "created" as const,
    finishedAt: NOW - 50,
    startFailure: { code: "command.not-found" as const, message: "no such command" },
  }),
);

/** A machine on which an earlier version of the project ran, and to which this and that has happened since. */
export const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    before: anyProject,
    numbers: fc.uniqueArray(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 6 }), condition), {
      maxLength: 12,
      selector: ([index, number]) => `${index % SERVICES.length} ${number}`,
    }),
    twins: fc.nat(2),
    network: fc.boolean(),
    volumes: fc.subarray(["shop_x", "shop_y", "other"]),
    imported: fc.boolean(),
    listening: fc.boolean(),
  })
  .map(({ before, numbers, twins, network, volumes, imported, listening }) => {
    const names = Object.keys(before.services);
    const containers = numbers.flatMap(([index, number, changes]) => {
      const name = names[index % names.length];
      return name === undefined ? [] : [replica(before, name, number, changes)];
    });
    const unique = [...new Map(containers.map((container) => [container.id, container])).values()];
    const doubled = unique.slice(0, twins).map((container, index) => ({ ...container, id: `twin-${index}` }));
    const base = emptySnapshot();
    return {
      ...base,
      containers: [...unique, ...doubled],
      images: imported ? { ...base.images, tools: imageId("tools") } : base.images,
      networks: (network ? ["shop", "blog"] : ["blog"]).map(defaultNetwork),
      volumes,
      published: !listening
        ? []
        : Object.entries(before.services).flatMap(([name, { ports }]) =>
            // Any port became some port.
            ports.map((port) => ({
              ...port,
              hostPort: port.hostPort || 40_000,
              project: "shop",
              service: name,
            })),
          ),
    };
  });
