import { createHash } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import type { Logger } from "pino";
import { Attachment } from "../apply/attachment.ts";
import { Containers } from "../apply/containers.ts";
import { Endpoints } from "../apply/endpoints.ts";
import { handlersFor } from "../apply/handlers.ts";
import { Naming } from "../apply/naming.ts";
import { Readiness } from "../apply/readiness.ts";
import { scopeOf } from "../apply/scope.ts";
import { VolumeContent } from "../apply/volume-content.ts";
import { launchImage, type RunImage } from "../apply/launch-image.ts";
import { GantryError, messageOf } from "../error.ts";
import { type CgroupParent, makeCgroupParents, readCgroupLayout, removeCgroup } from "../host/cgroup.ts";
import type { InstancePaths } from "../host/paths.ts";
import { readPrivileges } from "../host/privileges.ts";
import { programPath } from "../host/programs.ts";
import { Firewall } from "../net/firewall/firewall.ts";
import { formatSubnet } from "../net/ipv4.ts";
import { Names } from "../net/names/names.ts";
import { type ImageStore, openImageStore } from "../image/store.ts";
import { Registries } from "../registry/registries.ts";
import { NO_PROJECT } from "../net/definition.ts";
import { openNetworks } from "../net/networks.ts";
import { openProxy } from "../net/proxy.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import type { Health } from "../runtime/health/state.ts";
import { Runtime } from "../runtime/runtime.ts";
import { SeccompFilters } from "../runtime/seccomp/filters.ts";
import { openBuilds } from "./build/operations.ts";
import { ContainerFiles } from "./container-files.ts";
import { containerOperations } from "./container-operations.ts";
import { measureDisk } from "./disk-usage.ts";
import { examine } from "./doctor.ts";
import type { Engine } from "./engine.ts";
import { type ContainerAction, containerEvent, Events } from "./events.ts";
import { imageOperations } from "./image-operations.ts";
import { Loop } from "./loop.ts";
import { projectOperations } from "./operations.ts";
import { networkOperations } from "./network-operations.ts";
import { portUsage } from "./port-usage.ts";
import { problemLine, Unowned } from "./unowned.ts";
import { volumeOperations } from "./volume-operations.ts";
import { ProjectStore } from "./projects.ts";
import { Revisions } from "./revisions.ts";
import { contentsOf, sealedProjects } from "./sealed-projects.ts";
import { readSettings } from "./settings.ts";

/** The slow look at everything: the net under all events. */
const VERIFY_MS = 5000;
/** Of what takes a question to the kernel for each network. */
const VERIFY_NETWORKS_MS = 30_000;

export interface RunningEngine {
  readonly engine: Engine;
  /** Lets go of everything; containers, proxy and shims go on. */
  readonly close: () => Promise<void>;
}

/** Opens the organs of an instance, finds again what runs, and sets the loop going for every project. */
export async function startEngine(
  paths: InstancePaths,
  log: Logger,
  options: { readonly firewall: boolean },
): Promise<RunningEngine> {
  const root = await realpath(paths.root);
  const { run } = paths;
  const instance = await instanceName(run);
  const cgroups = await makeCgroupParents(await readCgroupLayout(), instance);
  const events = new Events();
  const wake = { project: (_name: string): void => undefined };
  // Containers are found, and probed, before there is anybody to tell.
  const heard = { health: (_record: ContainerRecord, _health: Health): void => undefined };

  const programs = { archiver: programPath("gantry-archiver"), applier: programPath("gantry-applier") };
  const images = await openImageStore({ root, applier: programs.applier });
  for (const problem of images.problems) log.warn(problem);
  const settings = await readSettings(process.env);
  const registries = new Registries(images, settings.registries, process.env);
  const runtime = await Runtime.open({
    root,
    run,
    launcher: programPath("gantry-launcher"),
    prober: programPath("gantry-prober"),
    cgroups,
    seccomp: seccompFilters(log),
    privileges: await readPrivileges(),
    onChange: (id, change) => {
      const record = runtime.records.get(id);
      if (record === undefined) return;
      emit(change, record);
      lookAgain(record);
      if (record.owner === undefined) unowned.wake(id);
    },
    imageOf: async (record) =>
      record.build === true ? { layers: [], hostMounts: [] } : await imageOf(images, record),
    onHealth: (id, health) => {
      const record = runtime.records.get(id);
      if (record !== undefined) heard.health(record, health);
    },
    onWarning: (message) => log.warn(message),
  });
  const networks = await openNetworks(root);
  const proxy = await openProxy({
    program: programPath("gantry-proxy"),
    run,
    onProblem: (error) => {
      log.warn({ error: messageOf(error) }, "proxy");
      for (const { project } of store.list()) wake.project(project.name);
    },
  });
  const names = new Names({ run, onProblem: (error) => log.warn({ error: messageOf(error) }, "names") });
  const firewall = new Firewall({
    instance,
    run,
    enabled: options.firewall,
    networks: () =>
      networks.list().map(({ subnet, internal }) => ({ subnets: [formatSubnet(subnet)], internal })),
    onProblem: (message) => log.warn(message),
  });
  const attachment = await Attachment.open({ run, runtime, networks, names, firewall });
  const readiness = new Readiness(runtime);
  const endpoints = new Endpoints(readiness, proxy);
  const naming = new Naming(names, readiness, proxy);
  const emit = (action: ContainerAction, record: ContainerRecord): void => {
    for (const event of containerEvent(action, record, runtime.status(record.id))) events.emit(event);
  };
  /** Something about a container is another than before. */
  const lookAgain = (record: ContainerRecord): void => {
    const { project } = scopeOf(record);
    for (const told of [endpoints.sync(project), naming.syncOf(record)])
      void told.catch((error: unknown) => log.warn(messageOf(error)));
    wake.project(project);
  };
  const containers = new Containers({
    runtime,
    images,
    attachment,
    readiness,
    endpoints,
    naming,
    content: new VolumeContent(runtime.volumes, root, programs),
    onEvent: emit,
  });
  const unowned = new Unowned({
    runtime,
    containers,
    onProblem: (record, error) => log.warn(problemLine(record, error), "container without a project"),
  });
  const builds = await openBuilds({
    root,
    runtime,
    images,
    registries,
    attachment,
    archiver: programPath("gantry-archiver"),
    applier: programPath("gantry-applier"),
    onBuilt: ({ id }, given) => {
      for (const name of given.length === 0 ? [id] : given)
        events.emit({ type: "image", action: "build", id, attributes: { name }, time: Date.now() });
    },
  });
  const store = await ProjectStore.open(root);
  const projects = store.list().map(({ project }) => project);
  const inUse = contentsOf(projects, runtime.records.list());
  await runtime.contents.keepOnly(new Set([...inUse, ...store.history.contents()]));
  const revisions = new Revisions(store, images);
  for (const { name } of projects) await revisions.remember(name);
  const handlers = handlersFor({ runtime, images, registries, attachment, endpoints, containers });
  const loop = new Loop({ world: { runtime, images, networks, proxy }, handlers, store, revisions, log });
  wake.project = (name) => loop.wake(name);
  heard.health = (record, { status }) => {
    emit(`health_status: ${status}`, record);
    lookAgain(record);
  };
  for (const { project } of store.list()) {
    await endpoints.sync(project.name);
    loop.wake(project.name);
  }
  await Promise.all(networks.list().map(({ name }) => naming.sync(name)));
  await endpoints.sync(NO_PROJECT);
  await unowned.open();
  const timer = setInterval(() => {
    void runtime.verify();
    void firewall.verifyForwarding();
    void attachment.repairLinks().then(
      (repaired) => repaired.length > 0 && log.warn({ repaired }, "links that were gone are made anew"),
      (error: unknown) => log.warn({ error: messageOf(error) }, "a link could not be made anew"),
    );
  }, VERIFY_MS);
  const slowTimer = setInterval(() => {
    void attachment
      .repairNetworks()
      .catch((error: unknown) => log.warn({ error: messageOf(error) }, "a network could not be made anew"));
  }, VERIFY_NETWORKS_MS);

  const engine: Engine = {
    containers: containerOperations({
      runtime,
      containers,
      loop,
      emit,
      unowned,
      images,
      proxy,
      subscribe: (listener) => events.subscribe(listener),
      files: new ContainerFiles({ root, ...programs, runtime, images }),
    }),
    volumes: volumeOperations(runtime, (event) => events.emit(event)),
    projects: sealedProjects(
      projectOperations({ runtime, containers, store, loop, revisions, firewall }),
      runtime.contents,
    ),
    networks: networkOperations({
      runtime,
      networks,
      attachment,
      containers,
      naming,
      emit: (event) => events.emit(event),
    }),
    images: imageOperations(
      images,
      registries,
      runtime,
      (event) => events.emit(event),
      (id) => store.history.pinOf(id),
    ),
    builds,
    subscribe: (listener) => events.subscribe(listener),
    diskUsage: async () => await measureDisk(runtime),
    ports: async () => portUsage(await proxy.status()),
    doctor: async () => examine(await runtime.userNamespaces(), firewall.state),
  };
  return {
    engine,
    close: async () => {
      clearInterval(timer);
      await registries.close();
      clearInterval(slowTimer);
      await loop.close();
      await unowned.close();
      proxy.close();
      names.close();
      firewall.close();
      await runtime.close();
      await removeEmpty(cgroups);
    },
  };
}

async function imageOf(images: ImageStore, { imageId }: ContainerRecord): Promise<RunImage> {
  const image = await images.get(imageId);
  if (image !== undefined) return launchImage(image);
  throw new GantryError("image.not-found", `no image ${imageId} on this machine`);
}

/** Name of the instance's cgroups: the run folder's, so that several instances stay apart. */
async function instanceName(run: string): Promise<string> {
  await mkdir(run, { recursive: true, mode: 0o700 });
  const digest = createHash("sha256")
    .update(await realpath(run))
    .digest("hex");
  return `gantry-${digest.slice(0, 12)}`;
}

function seccompFilters(log: Logger): SeccompFilters {
  const { arch } = process;
  const filters = new SeccompFilters(arch);
  if (!filters.supported)
    log.warn({ arch }, "no seccomp profile for this architecture: containers run without a filter");
  return filters;
}

/** Takes the instance's cgroups away when no container is left in them; they are made anew at the next start. */
async function removeEmpty(cgroups: readonly CgroupParent[]): Promise<void> {
  for (const { path } of cgroups) await removeCgroup(path).catch(() => undefined);
}
