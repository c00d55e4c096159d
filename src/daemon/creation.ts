import { GantryError } from "../error.ts";
import type { Containers } from "../apply/containers.ts";
import { goArchitecture } from "../image/platform.ts";
import type { ImageStore } from "../image/store.ts";
import { isOfAnother, namedBy } from "../runtime/namespaces.ts";
import type {
  ContainerConfig,
  ContainerMount,
  ContainerNamespaces,
  ContainerPort,
  ContainerRecord,
} from "../runtime/container.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { inventName } from "./container-name.ts";

/** A container that is to be made by hand. */
export interface AskedContainer {
  /** Checked; one is invented where there is none. */
  readonly name?: string;
  /** `container:X` in it may still be a name or the beginning of an id. */
  readonly config: ContainerConfig;
  readonly autoRemove: boolean;
  /** Publish what configuration and image expose, too. */
  readonly publishAll: boolean;
  /** Containers whose mounts it gets, where it has none of its own at a place. */
  readonly volumesFrom: readonly { readonly container: string; readonly readOnly: boolean }[];
  /** `linux/amd64`; refused where the machine is another. */
  readonly platform?: string;
}

export interface CreationOptions {
  readonly runtime: Runtime;
  readonly images: ImageStore;
  readonly containers: Containers;
  readonly find: (reference: string) => ContainerRecord;
}

/**
 * Makes containers without a project. The returned function throws conflict for a name that is taken,
 * image.not-found, container.not-found for one it is to share with, limit.unsupported and what the runtime's check throws.
 */
export function containerCreation({ runtime, images, containers, find }: CreationOptions) {
  /** Names of containers that are being made. */
  const reserved = new Set<string>();

  const holderOf = (name: string): string | undefined =>
    reserved.has(name) ? "another request" : runtime.records.list().find((one) => one.name === name)?.id;

  /** Runs a task while nobody else can take the name. Throws conflict. */
  async function withName<T>(wanted: string | undefined, task: (name: string) => Promise<T>): Promise<T> {
    const name = wanted ?? inventName((one) => holderOf(one) !== undefined);
    const holder = holderOf(name);
    if (holder !== undefined)
      throw new GantryError(
        "conflict",
        `Conflict. The container name "/${name}" is already in use by container "${holder}".`,
        { next: `remove it first: gantry rm ${name}` },
      );
    reserved.add(name);
    try {
      return await task(name);
    } finally {
      reserved.delete(name);
    }
  }

  async function create(
    asked: AskedContainer,
  ): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
    refuseOtherPlatform(asked.platform);
    const image = await images.resolve(asked.config.image);
    const exposed = [
      ...new Set([...(asked.config.exposed ?? []), ...(image?.config.exposedPorts ?? [])]),
    ].sort();
    const ports = asked.publishAll ? withAll(asked.config.ports ?? [], exposed) : asked.config.ports;
    const config: ContainerConfig = {
      ...asked.config,
      ...(exposed.length > 0 && { exposed }),
      ...(ports !== undefined && ports.length > 0 && { ports }),
      ...(asked.config.namespaces && { namespaces: byId(asked.config.namespaces, find) }),
      mounts: [...asked.config.mounts, ...inherited(asked, find)],
    };
    const warnings = await runtime.check(config);
    const id = await withName(asked.name, (name) =>
      containers.make({ name, config, fingerprint: {}, ...(asked.autoRemove && { autoRemove: true }) }),
    );
    return { id, warnings };
  }

  return { create, withName };
}

/** `linux/amd64` or `amd64`. Images of other machines' kinds cannot run here, and none is kept. */
function refuseOtherPlatform(platform: string | undefined): void {
  const architecture = goArchitecture(process.arch);
  if (platform === undefined || platform === architecture || platform.startsWith(`linux/${architecture}`))
    return;
  throw new GantryError("image.not-found", `No such image: no image for ${platform} can be run here`, {
    next: `this machine is linux/${architecture}`,
  });
}

/** Names become ids: the container meant is the one that has the name now. */
function byId(namespaces: ContainerNamespaces, find: CreationOptions["find"]): ContainerNamespaces {
  return Object.fromEntries(
    Object.entries(namespaces).map(([key, mode]: [string, string]) => [
      key,
      isOfAnother(mode) ? `container:${find(namedBy(mode).name).id}` : mode,
    ]),
  );
}

function inherited({ config, volumesFrom }: AskedContainer, find: CreationOptions["find"]): ContainerMount[] {
  const taken = new Set(config.mounts.map(({ target }) => target));
  return volumesFrom.flatMap(({ container, readOnly }) =>
    find(container).config.mounts.flatMap((mount) => {
      if (mount.type === "tmpfs" || taken.has(mount.target)) return [];
      taken.add(mount.target);
      return [{ ...mount, readOnly: mount.readOnly || readOnly }];
    }),
  );
}

function withAll(ports: readonly ContainerPort[], exposed: readonly string[]): readonly ContainerPort[] {
  const added = exposed.flatMap((text): ContainerPort[] => {
    const [number, protocol = "tcp"] = text.split("/");
    const containerPort = Number(number);
    if ((protocol !== "tcp" && protocol !== "udp") || !Number.isInteger(containerPort)) return [];
    const there = ports.some((port) => port.containerPort === containerPort && port.protocol === protocol);
    return there ? [] : [{ protocol, containerPort, hostPort: 0 }];
  });
  return [...ports, ...added];
}
