import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { isAbsolute, normalize } from "node:path/posix";
import { isDeepStrictEqual } from "node:util";
import { GantryError } from "../error.ts";
import type { Image } from "../image/image.ts";
import type { ImageStore } from "../image/store.ts";
import { loopbackOnly } from "../net/netlink/container-link.ts";
import type { ContainerConfig, ContainerOwner, ContainerRecord } from "../runtime/container.ts";
import { Interrupted } from "../runtime/failure.ts";
import { namedBy, type SharedWith, sharedModes } from "../runtime/namespaces.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Attachment } from "./attachment.ts";
import { runHooks } from "./hooks.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Naming } from "./naming.ts";
import type { Readiness } from "./readiness.ts";
import { launchImage, type RunImage } from "./launch-image.ts";
import { scopeOf } from "./scope.ts";
import type { VolumeContent } from "./volume-content.ts";

export interface NewContainer {
  readonly name: string;
  readonly owner?: ContainerOwner;
  readonly config: ContainerConfig;
  readonly autoRemove?: true;
  readonly runAt?: number;
  /** Resolved from the configuration's reference when absent. */
  readonly imageId?: string;
  readonly fingerprint: Readonly<Record<string, string>>;
}

/** What happens to a container, in docker's words for events. */
export type ContainerEvent = "create" | "update" | "rename" | "stop" | "destroy";

const NEVER = new AbortController().signal;

/** The life of a container across the organs: runtime, images, network, proxy. */
export class Containers {
  readonly #runtime: Runtime;
  readonly #images: ImageStore;
  readonly #attachment: Attachment;
  readonly #readiness: Readiness;
  readonly #endpoints: Endpoints;
  readonly #naming: Naming;
  readonly #content: VolumeContent;
  readonly #onEvent: (event: ContainerEvent, record: ContainerRecord) => void;

  constructor(organs: {
    readonly runtime: Runtime;
    readonly images: ImageStore;
    readonly attachment: Attachment;
    readonly readiness: Readiness;
    readonly endpoints: Endpoints;
    readonly naming: Naming;
    readonly content: VolumeContent;
    readonly onEvent: (event: ContainerEvent, record: ContainerRecord) => void;
  }) {
    this.#runtime = organs.runtime;
    this.#images = organs.images;
    this.#attachment = organs.attachment;
    this.#readiness = organs.readiness;
    this.#endpoints = organs.endpoints;
    this.#naming = organs.naming;
    this.#content = organs.content;
    this.#onEvent = organs.onEvent;
  }

  /** Creates and starts a container; returns its id. One that was created and does not start stays, with the reason. */
  async create(wanted: NewContainer): Promise<string> {
    const id = await this.make(wanted);
    await this.start(id);
    return id;
  }

  /** Creates a container; returns its id. */
  async make(wanted: NewContainer): Promise<string> {
    const image = await this.#image(wanted.imageId ?? wanted.config.image);
    const id = randomBytes(32).toString("hex");
    const addresses = await this.#attachment.take({ ...wanted, id });
    const record: ContainerRecord = {
      id,
      name: wanted.name,
      ...(wanted.owner === undefined ? { started: false } : { owner: wanted.owner }),
      ...(wanted.autoRemove && { autoRemove: wanted.autoRemove }),
      ...(wanted.runAt !== undefined && { runAt: wanted.runAt }),
      config: withNamedVolumes(wanted.config, image.config.volumes ?? []),
      imageId: image.id,
      fingerprint: { ...wanted.fingerprint, image: image.id },
      createdAt: Date.now(),
      ...addresses,
      stoppedByUser: false,
      failures: 0,
    };
    try {
      await this.#runtime.create(record);
    } catch (error) {
      await this.#attachment.release(record);
      throw error;
    }
    this.#onEvent("create", record);
    return id;
  }

  /** Starts a container that exists. False when it runs already. */
  async start(id: string): Promise<boolean> {
    const record = this.#record(id);
    if (this.#runtime.status(id).phase !== "running") await this.#publish(record);
    const started = await this.#launch(record).catch(async (error: unknown) => {
      if (error instanceof Interrupted) return await this.#launch(record); // with a launcher and a link of its own
      await this.unpublish(record);
      throw error;
    });
    if (started && record.config.hooks !== undefined)
      await runHooks(this.#runtime, record, await this.imageOf(record), "postStart");
    return started;
  }

  /** Within the time that the container has to stop; one that fails keeps nobody from stopping. */
  async #beforeStop(record: ContainerRecord, graceMs: number): Promise<void> {
    if (record.config.hooks === undefined || this.#runtime.status(record.id).phase !== "running") return;
    const image = await this.imageOf(record);
    const over = new AbortController();
    const hooks = runHooks(this.#runtime, record, image, "preStop").catch(() => undefined);
    await Promise.race([hooks, delay(graceMs, undefined, { signal: over.signal }).catch(() => undefined)]);
    over.abort();
  }

  /** The ports of one without a project are its own, and taken before it runs. Throws port.taken. */
  async #publish(record: ContainerRecord): Promise<void> {
    const { ports = [] } = record.config;
    if (record.owner !== undefined || ports.length === 0) return;
    const scope = scopeOf(record);
    await this.#endpoints.publish(
      scope.project,
      scope.service,
      ports.map((port) => ({ ...scope, ...port })),
    );
  }

  /** Lets go of the ports of one without a project, which has ended. */
  async unpublish(record: ContainerRecord): Promise<void> {
    if (record.owner !== undefined || record.config.ports === undefined) return;
    const { project, service } = scopeOf(record);
    await this.#endpoints.publish(project, service, []);
  }

  async #launch(record: ContainerRecord): Promise<boolean> {
    const { id } = record;
    const image = launchImage(await this.#image(record.imageId));
    const { project } = scopeOf(record);
    for (const mount of record.config.mounts)
      if (mount.type === "volume" && mount.source !== undefined)
        await this.#runtime.volumes.ensure(mount.source, {});
    await this.#content.fill(record, image.layers);
    const started = await this.#runtime.start(id, {
      image,
      ...(record.address === undefined
        ? { loopback: loopbackOnly() }
        : { links: this.#attachment.links(record) }),
      sharedWith: this.#sharedWith(project, record),
      files: this.#attachment.files(record),
    });
    if (record.address !== undefined)
      await Promise.all([this.#endpoints.sync(project), this.#naming.syncOf(record)]);
    return started;
  }

  /** The containers whose namespaces it shares; of a service, the running one with the lowest number. */
  #sharedWith(project: string, { name, config }: ContainerRecord): SharedWith {
    const found = sharedModes(config.namespaces).map((mode) => {
      const named = namedBy(mode);
      const [identity] = this.#runtime.records
        .list()
        .filter(({ id, owner }) =>
          named.kind === "container"
            ? id === named.name
            : owner?.project === project && owner.service === named.name,
        )
        .sort((a, b) => (a.owner?.number ?? 0) - (b.owner?.number ?? 0))
        .flatMap(({ id }) => this.#runtime.identity(id) ?? []);
      if (identity !== undefined) return [mode, identity] as const;
      const other = named.kind === "container" ? named.name.slice(0, 12) : named.name;
      throw new GantryError("conflict", `${name} shares namespaces with ${other}, of which nothing runs`, {
        next: `gantry start ${other}`,
      });
    });
    return Object.fromEntries(found);
  }

  /**
   * Drains, then stops with what is left of the grace period; `stopSignal` instead of the container's own. False when it
   * did not run.
   */
  async stop(
    id: string,
    graceMs: number,
    signal: AbortSignal = NEVER,
    stopSignal?: string,
  ): Promise<boolean> {
    const record = this.#record(id);
    const began = performance.now();
    try {
      if (this.#runtime.status(id).phase === "running") {
        this.#readiness.leave(id);
        await this.#naming.syncOf(record);
        await this.#endpoints.drain(record, graceMs, signal);
      }
      await this.#beforeStop(record, graceMs - (performance.now() - began));
      const left = graceMs - (performance.now() - began);
      const image = await this.#images.get(record.imageId);
      const own = record.config.stopSignal ?? image?.config.stopSignal ?? "SIGTERM";
      // A container that drained to the end of the grace period still gets a moment to say goodbye.
      const graceLeft = Math.max(left, Math.min(graceMs, 1000));
      const stopped = await this.#runtime.stop(id, { signal: stopSignal ?? own, graceMs: graceLeft });
      if (stopped) this.#onEvent("stop", record);
      return stopped;
    } finally {
      this.#readiness.forget(id);
    }
  }

  /** Stops a container if it runs and removes all that is its own; `volumes`: its anonymous ones as well. */
  async remove(
    id: string,
    options: { readonly graceMs: number; readonly signal?: AbortSignal; readonly volumes: boolean },
  ): Promise<void> {
    const record = this.#runtime.records.get(id);
    if (record === undefined) return; // somebody else was faster
    await this.stop(id, options.graceMs, options.signal);
    await this.#runtime.remove(id);
    if (options.volumes)
      for (const mount of record.config.mounts)
        if (mount.type === "volume" && isAnonymous(mount.source))
          await this.#runtime.volumes.remove(mount.source);
    await this.unpublish(record);
    await this.#attachment.release(record);
    this.#onEvent("destroy", record);
  }

  /** Changes a container's record, and what of it the running process's cgroups hold. */
  async update(id: string, change: Partial<ContainerRecord>): Promise<void> {
    const before = this.#record(id);
    const record = { ...before, ...change };
    // The kernel first: a limit it refuses must not be recorded as if it held.
    if (change.config !== undefined) await this.#runtime.applyLimits(record);
    await this.#runtime.records.put(record);
    // A check that stays as it is goes on with what it knows.
    const probed = ({ healthcheck, probes }: ContainerConfig): unknown => [healthcheck, probes];
    if (!isDeepStrictEqual(probed(before.config), probed(record.config))) await this.#runtime.probe(id);
    if (change.config !== undefined) this.#onEvent("update", record);
    if (change.name !== undefined) this.#onEvent("rename", record);
  }

  /** It was started, or could not be; `failures` is what its count becomes, where given. */
  async endRestart(id: string, failures: number | undefined): Promise<void> {
    const { restarting: _, ...record } = this.#record(id);
    await this.#runtime.records.put(failures === undefined ? record : { ...record, failures });
  }

  /** The container's image as the runtime wants it. */
  async imageOf(record: ContainerRecord): Promise<RunImage> {
    return launchImage(await this.#image(record.imageId));
  }

  async #image(reference: string): Promise<Image> {
    const image = (await this.#images.get(reference)) ?? (await this.#images.resolve(reference));
    if (image !== undefined) return image;
    throw new GantryError("image.not-found", `no image ${reference} on this machine`, {
      next: `gantry import FILE ${reference}`,
    });
  }

  #record(id: string): ContainerRecord {
    const record = this.#runtime.records.get(id);
    if (record === undefined) throw new GantryError("container.not-found", `No such container: ${id}`);
    return record;
  }
}

/** Volumes the image asks for are anonymous ones, unless something is mounted there; those get names nobody else has. */
function withNamedVolumes(config: ContainerConfig, imageVolumes: readonly string[]): ContainerConfig {
  const taken = new Set(config.mounts.map(({ target }) => target));
  const added = imageVolumes
    .map((path) => normalize(path).replace(/(?<=.)\/$/, ""))
    .filter((target) => isAbsolute(target) && target !== "/" && !taken.has(target))
    .map((target): ContainerConfig["mounts"][number] => ({ type: "volume", target, readOnly: false }));
  const mounts = [...config.mounts, ...added].map((mount) =>
    mount.type === "volume" && mount.source === undefined
      ? { ...mount, source: randomBytes(32).toString("hex") }
      : mount,
  );
  return { ...config, mounts };
}

function isAnonymous(name: string | undefined): name is string {
  return name !== undefined && /^[0-9a-f]{64}$/.test(name);
}
