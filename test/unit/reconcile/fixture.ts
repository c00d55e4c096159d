import { defaultNetwork } from "../../../src/net/definition.ts";
import type { ObservedContainer, Snapshot } from "../../../src/observe/snapshot.ts";
import type { Plan } from "../../../src/reconcile/action.ts";
import type { Desired } from "../../../src/reconcile/desired.ts";
import { fingerprint } from "../../../src/reconcile/fingerprint.ts";
import { hashValue } from "../../../src/reconcile/hash.ts";
import { plan } from "../../../src/reconcile/plan.ts";
import { renderPlan } from "../../../src/reconcile/render.ts";
import { replicaConfig, replicaName } from "../../../src/reconcile/replica.ts";
import type { Port, Project, Service } from "../../../src/spec/project.ts";

/** The moment all these tests happen at, ms since the epoch. */
export const NOW = 1_700_000_000_000;

export function service(changes: Partial<Service> = {}): Service {
  return {
    image: "web:1",
    environment: {},
    ports: [],
    mounts: [],
    replicas: 1,
    limits: {},
    restart: { name: "no" },
    stopGraceMs: 10_000,
    labels: {},
    init: false,
    ...changes,
  };
}

/** A project called shop. */
export function project(
  services: Readonly<Record<string, Service>>,
  changes: Partial<Project> = {},
): Project {
  return {
    name: "shop",
    services,
    volumes: {},
    images: {},
    workingFolder: "/srv/shop",
    files: ["/srv/shop/compose.yaml"],
    ...changes,
  };
}

export function desired(wanted: Project, changes: Partial<Desired> = {}): Desired {
  return { project: wanted, replicas: {}, stopped: [], ...changes };
}

export function port(hostPort: number, changes: Partial<Port> = {}): Port {
  return { protocol: "tcp", hostPort, containerPort: 80, ...changes };
}

/** The id that the image of this reference has in these tests. */
export function imageId(reference: string): string {
  return `sha256:${hashValue(reference).repeat(4)}`;
}

/** A running replica, exactly as the project wants it. */
export function replica(
  wanted: Project,
  name: string,
  number: number,
  changes: Partial<ObservedContainer> = {},
): ObservedContainer {
  const config = replicaConfig(wanted, name, number);
  const image = imageId(config.image);
  return {
    id: hashValue([wanted.name, name, number]).repeat(4),
    name: replicaName(wanted.name, name, number),
    owner: { project: wanted.name, service: name, number },
    config,
    imageId: image,
    fingerprint: fingerprint(config, image),
    createdAt: NOW - 60_000,
    stoppedByUser: false,
    failures: 0,
    state: "running",
    pid: 1000 + number,
    startedAt: NOW - 60_000,
    oomKilled: false,
    ...changes,
  };
}

/** How a container looks that ended on its own, `ago` ms before now after a run of `ran` ms. */
export function exited(exitCode: number, ago = 5_000, ran = 1_000): Partial<ObservedContainer> {
  return { state: "exited", exitCode, startedAt: NOW - ago - ran, finishedAt: NOW - ago };
}

/** Every replica the project wants, running. */
export function replicas(wanted: Project): ObservedContainer[] {
  return Object.entries(wanted.services).flatMap(([name, { replicas: count }]) =>
    Array.from({ length: count }, (_, index) => replica(wanted, name, index + 1)),
  );
}

/** A machine that has nothing but the images `web:1`, `web:2` and `db:1`. */
export function emptySnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    time: NOW,
    containers: [],
    imagesCheckedAt: {},
    images: Object.fromEntries(["web:1", "web:2", "db:1"].map((name) => [name, imageId(name)])),
    networks: [],
    volumes: [],
    takenPorts: [],
    published: [],
    ...changes,
  };
}

/** A machine on which the project is as it should be. */
export function settledSnapshot(wanted: Project, changes: Partial<Snapshot> = {}): Snapshot {
  return emptySnapshot({
    containers: replicas(wanted),
    networks: Object.keys(wanted.services).length === 0 ? [] : [defaultNetwork(wanted.name)],
    volumes: Object.values(wanted.volumes).map((volume) => volume.name),
    published: Object.entries(wanted.services).flatMap(([name, { ports }]) =>
      ports.map((item) => ({ ...item, project: wanted.name, service: name })),
    ),
    ...changes,
  });
}

export function planFor(wanted: Project | Desired, snapshot: Snapshot): Plan {
  const goal = "services" in wanted ? desired(wanted) : wanted;
  return plan({ desired: goal, project: goal.project.name, snapshot, now: NOW });
}

/** The plan's lines, without the summary. */
export function linesFor(wanted: Project | Desired, snapshot: Snapshot): string[] {
  return renderPlan(planFor(wanted, snapshot)).split("\n").slice(0, -1);
}
