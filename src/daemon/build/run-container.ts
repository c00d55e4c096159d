import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Attachment } from "../../apply/attachment.ts";
import type { RunRequest, RunResult, RunSettings } from "../../build/world.ts";
import { GantryError } from "../../error.ts";
import { archive } from "../../image/archive.ts";
import type { Image } from "../../image/image.ts";
import type { ImageStore } from "../../image/store.ts";
import { loopbackOnly } from "../../net/netlink/container-link.ts";
import type { ContainerConfig, ContainerRecord } from "../../runtime/container.ts";
import { Interrupted, PlanError } from "../../runtime/failure.ts";
import { readLog } from "../../runtime/log.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { missingPlaces, removePlaces } from "./mount-stubs.ts";

export interface RunOrgans {
  readonly runtime: Runtime;
  readonly images: ImageStore;
  readonly attachment: Attachment;
  /** Path of gantry-archiver. */
  readonly archiver: string;
  /** The host image, for what is built on it. */
  readonly host: Image;
}

/**
 * Runs a command of a RUN to its end, in a container that nobody sees and that is gone afterwards: a crash leaves its record,
 * by which the next start finds and ends it. Throws what starting a container throws, and the signal's reason.
 */
export async function runContainer(
  organs: RunOrgans,
  request: RunRequest,
  settings: RunSettings,
): Promise<RunResult> {
  const { runtime, images, attachment } = organs;
  request.signal.throwIfAborted();
  const id = randomBytes(32).toString("hex");
  const name = `build-${id.slice(0, 12)}`;
  const config = await configOf(organs, request, settings);
  const taken = { id, name, config };
  const record: ContainerRecord = {
    ...taken,
    build: true,
    imageId: "build",
    fingerprint: {},
    createdAt: Date.now(),
    stoppedByUser: false,
    failures: 0,
    started: false,
    ...(await attachment.take(taken)),
  };
  const kill = (): void => void runtime.stop(id, { signal: "SIGKILL", graceMs: 0 }).catch(() => undefined);
  try {
    await runtime.create(record);
    const folders = layersOf(organs, request);
    const start = async (): Promise<boolean> =>
      await runtime.start(id, {
        image: { layers: folders, hostMounts: request.overHost ? organs.host.hostMounts : [] },
        ...(record.address === undefined
          ? { loopback: loopbackOnly() }
          : { links: attachment.links(record) }),
        files: attachment.files(record),
      });
    const stubs = missingPlaces(folders, mountTargets(config));
    await start().catch(async (error: unknown) => {
      // The second: a link's index or neighbour was somebody else's for a moment; a new link has its own.
      const again = error instanceof Interrupted || (error instanceof PlanError && error.errno === "EEXIST");
      if (again) return await start();
      throw error;
    });
    request.signal.addEventListener("abort", kill, { once: true });
    if (request.signal.aborted) kill();
    const ended = runtime.wait(id);
    for await (const { data } of readLog(runtime.records.folder(id), { follow: true }, ended))
      request.output(Buffer.from(data).toString("utf8"));
    await ended;
    request.signal.throwIfAborted();
    const status = runtime.status(id);
    if (status.phase !== "exited")
      throw new GantryError("kernel", `the command's container ${name} is gone`, { next: "build again" });
    const { code } = status.exit;
    if (code !== 0) return { exitCode: code };
    const upper = join(runtime.records.folder(id), "upper");
    removePlaces(upper, stubs);
    if ((await readdir(upper).catch(() => [])).length === 0) return { exitCode: 0 };
    const idBase = runtime.records.get(id)?.idBase;
    const body = archive(
      { folders: [upper] },
      { archiver: organs.archiver, changes: true, ...(idBase === undefined ? {} : { idsFrom: idBase }) },
    );
    return { exitCode: 0, layer: await images.stageLayer(body, { signal: request.signal }) };
  } finally {
    request.signal.removeEventListener("abort", kill);
    await removeContainer(organs, record);
  }
}

/** Ends a step's container if it runs, and removes all that is its own. */
export async function removeContainer(
  { runtime, attachment }: Pick<RunOrgans, "runtime" | "attachment">,
  record: ContainerRecord,
): Promise<void> {
  if (runtime.records.get(record.id) !== undefined) {
    await runtime.stop(record.id, { signal: "SIGKILL", graceMs: 0 });
    await runtime.remove(record.id);
  }
  await attachment.release(record);
}

/** Topmost first. */
function layersOf({ images, host }: RunOrgans, { diffIds, overHost }: RunRequest): readonly string[] {
  return [...images.layerFolders(diffIds), ...(overHost ? host.layers : [])];
}

async function configOf(
  { runtime }: RunOrgans,
  request: RunRequest,
  settings: RunSettings,
): Promise<ContainerConfig> {
  const { network, secrets, user } = request;
  const contents = await Promise.all(
    secrets.map(async ({ bytes, ...more }) => ({
      ...more,
      kind: "secret" as const,
      digest: await runtime.contents.put(bytes),
    })),
  );
  return {
    image: "",
    entrypoint: [],
    command: request.command,
    environment: request.environment,
    workingDir: request.workingDir,
    ...(user === undefined ? {} : { user }),
    mounts: request.mounts,
    limits: settings.limits,
    restart: { name: "no" },
    stopGraceMs: 0,
    labels: {},
    init: false,
    healthcheck: { test: ["NONE"] },
    ...(network === "default" ? {} : { namespaces: { network } }),
    ...(settings.extraHosts.length === 0 ? {} : { extraHosts: settings.extraHosts }),
    ...(settings.shmBytes === undefined ? {} : { shmBytes: settings.shmBytes }),
    ...(settings.ulimits === undefined ? {} : { ulimits: settings.ulimits }),
    ...(contents.length === 0 ? {} : { contents }),
  };
}

function mountTargets({ mounts, contents = [] }: ContainerConfig): readonly string[] {
  return [...mounts, ...contents].map(({ target }) => target);
}
