import type { ObservedContainer, PublishedPort, Snapshot } from "../../src/observe/snapshot.ts";
import { type NetworkDefinition, networkName } from "../../src/net/definition.ts";
import type { ContainerConfig, ContainerOwner } from "../../src/runtime/container.ts";
import type { Action, ActionKind, Step } from "../../src/reconcile/action.ts";

/** The world as the planner sees it, with every action taking its effect at once and never failing. */
export interface World {
  now: number;
  containers: Map<string, ObservedContainer>;
  images: Map<string, string>;
  networks: Map<string, NetworkDefinition>;
  volumes: Set<string>;
  published: PublishedPort[];
  /** For the ids of new containers. */
  made: number;
}

export function worldFrom(snapshot: Snapshot, now: number): World {
  return {
    now,
    containers: new Map(snapshot.containers.map((container) => [container.id, container])),
    images: new Map(Object.entries(snapshot.images)),
    networks: new Map(snapshot.networks.map((network) => [network.name, network])),
    volumes: new Set(snapshot.volumes),
    published: [...snapshot.published],
    made: 0,
  };
}

export function snapshotOf(world: World): Snapshot {
  return {
    time: world.now,
    containers: [...world.containers.values()],
    images: Object.fromEntries(world.images),
    imagesCheckedAt: {},
    networks: [...world.networks.values()],
    volumes: [...world.volumes],
    takenPorts: [],
    published: world.published,
  };
}

/** Carries steps out in the plan's order, which must be one in which nothing comes before what it waits for. */
export function applySteps(world: World, steps: readonly Step[]): void {
  const done = new Set<string>();
  for (const { key, action, after } of steps) {
    const early = after.find((prerequisite) => !done.has(prerequisite));
    if (early !== undefined) throw new Error(`"${key}" stands before "${early}", for which it waits`);
    applyAction(world, action);
    done.add(key);
  }
}

const EFFECTS: { readonly [K in ActionKind]: (world: World, action: Action<K>) => void } = {
  "create-network": (world, { network }) => world.networks.set(network.name, network),
  "remove-network": (world, { name }) => {
    if ([...world.containers.values()].some(({ config, owner }) => networksOf(config, owner).includes(name)))
      throw new Error("the network is in use");
    world.networks.delete(name);
  },
  "create-volume": (world, { name }) => world.volumes.add(name),
  "remove-volume": (world, { name }) => {
    if ([...world.containers.values()].some((container) => mounts(container, name)))
      throw new Error("the volume is in use");
    world.volumes.delete(name);
  },
  "import-image": (world, { reference }) => world.images.set(reference, `sha256:imported-${reference}`),
  "pull-image": (world, { reference }) => world.images.set(reference, `sha256:pulled-${reference}`),
  publish: (world, { project, service, ports }) => {
    const others = world.published.filter((port) => port.project !== project || port.service !== service);
    if (ports.some((port) => others.some((other) => other.hostPort === port.hostPort)))
      throw new Error("two services listen on one port");
    world.published = [...others, ...ports];
  },
  create: (world, action) => make(world, action),
  replace: (world, { id, ...action }) => {
    existing(world, id);
    world.containers.delete(id);
    make(world, action);
  },
  schedule: (world, { runAt, ...action }) => {
    const id = make(world, action);
    const { startedAt: _, ...container } = existing(world, id);
    world.containers.set(id, { ...container, state: "created", runAt });
  },
  reschedule: (world, { id, runAt }) => world.containers.set(id, { ...existing(world, id), runAt }),
  start: (world, { id, failures }) => {
    const {
      finishedAt: _finished,
      exitCode: _code,
      startFailure: _failure,
      ...container
    } = existing(world, id);
    if (container.state === "running") throw new Error("it runs already");
    world.containers.set(id, { ...container, state: "running", failures, startedAt: world.now });
  },
  restart: (world, { id }) => {
    const container = existing(world, id);
    if (container.state !== "running") throw new Error("it does not run");
    world.containers.set(id, { ...container, startedAt: world.now });
  },
  stop: (world, { id }) => {
    const container = existing(world, id);
    world.containers.set(id, { ...container, state: "exited", exitCode: 143, finishedAt: world.now });
  },
  update: (world, { id, config, fingerprint }) => {
    world.containers.set(id, { ...existing(world, id), config, fingerprint });
  },
  remove: (world, { id }) => {
    existing(world, id);
    world.containers.delete(id);
  },
};

function applyAction<K extends ActionKind>(world: World, action: Action<K>): void {
  const effect: (typeof EFFECTS)[K] = EFFECTS[action.kind];
  effect(world, action);
}

function existing(world: World, id: string): ObservedContainer {
  const container = world.containers.get(id);
  if (container === undefined) throw new Error(`no container ${id}`);
  return container;
}

function networksOf(config: ContainerConfig, owner: ContainerOwner | undefined): readonly string[] {
  if (config.namespaces?.network !== undefined) return [];
  return config.networks?.map(({ name }) => name) ?? [networkName(owner?.project ?? "")];
}

function make(
  world: World,
  { name, owner, config, imageId, fingerprint }: Omit<Action<"create">, "kind">,
): string {
  const image = imageId ?? world.images.get(config.image);
  if (image === undefined) throw new Error(`no image ${config.image}`);
  for (const network of networksOf(config, owner))
    if (!world.networks.has(network)) throw new Error(`no network ${network}`);
  for (const mount of config.mounts) {
    if (mount.type === "volume" && mount.source !== undefined && !world.volumes.has(mount.source))
      throw new Error(`no volume ${mount.source}`);
  }
  world.made += 1;
  const id = `made-${world.made}`;
  world.containers.set(id, {
    id,
    name,
    owner,
    config,
    imageId: image,
    fingerprint,
    createdAt: world.now,
    stoppedByUser: false,
    failures: 0,
    state: "running",
    startedAt: world.now,
    oomKilled: false,
  });
  return id;
}

function mounts(container: ObservedContainer, volume: string): boolean {
  return container.config.mounts.some((mount) => mount.type === "volume" && mount.source === volume);
}
