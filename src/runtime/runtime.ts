import { readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import type { Server } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GantryError, messageOf } from "../error.ts";
import type { CgroupParent } from "../host/cgroup.ts";
import type { Privileges } from "../host/privileges.ts";
import { Serial } from "../host/serial.ts";
import { findContainer, type Found, sweepUnowned } from "./adopt.ts";
import { Attaching } from "./attaching.ts";
import { attainable } from "./attainable.ts";
import { environmentOf, hostnameOf } from "./command.ts";
import { compileLaunch, type HostFile, type LaunchImage, type LaunchLink } from "./compile.ts";
import { compileExec } from "./compile-exec.ts";
import type {
  ContainerConfig,
  ContainerContent,
  ContainerHealthcheck,
  ContainerRecord,
  StartFailure,
} from "./container.ts";
import { Contents } from "./contents.ts";
import { findDevices } from "./devices.ts";
import { listenForExits, readExit } from "./exits.ts";
import { Freezer } from "./freezer.ts";
import { probingsOf } from "./health/check.ts";
import { HealthMonitor } from "./health/monitor.ts";
import type { Health } from "./health/state.ts";
import { targetsOf } from "./host-trees.ts";
import { hold, isHeld, release } from "./hold.ts";
import { freeRange, wantsOwnIds } from "./id-range.ts";
import { type LaunchedProcess, Launcher } from "./launcher.ts";
import { Interrupted } from "./failure.ts";
import { limitWrites } from "./limits.ts";
import { makeMountPoints } from "./mount-points.ts";
import type { ProcessIdentity, SharedWith } from "./namespaces.ts";
import { runFolder, shimSocket, shortId } from "./places.ts";
import { type ProcessTable, processTable } from "./process-table.ts";
import { processesOf } from "./processes.ts";
import { Records } from "./records.ts";
import type { SeccompFilters } from "./seccomp/filters.ts";
import type { ExecConfig, ExecSession, TerminalSize } from "./session.ts";
import { isShim, shimAttach, shimExec, shimResize, shimSignal } from "./shim.ts";
import { catchesSignal, signalNumber } from "./signal.ts";
import { spreadContainers } from "./spread.ts";
import { updateLimits } from "./update-limits.ts";
import { type ContainerUsage, readUsage } from "./usage.ts";
import { probeUserNamespaces, type UserNamespaces } from "./user-namespace.ts";
import { Volumes } from "./volumes.ts";

export interface RuntimeOptions {
  readonly root: string;
  readonly run: string;
  /** Path of gantry-launcher. */
  readonly launcher: string;
  /** Path of gantry-prober. */
  readonly prober: string;
  readonly cgroups: readonly CgroupParent[];
  readonly seccomp: SeccompFilters;
  /** The daemon's own: more it cannot give. */
  readonly privileges: Privileges;
  /** A container's state changed; look again. */
  readonly onChange: (id: string, change: "start" | "die") => void;
  /** What a container's image adds to it: asked for when it is probed. */
  readonly imageOf: (record: ContainerRecord) => Promise<HealthImage>;
  /** A container's health is another than before. */
  readonly onHealth: (id: string, health: Health) => void;
  /** What a user should know and can live with. */
  readonly onWarning: (message: string) => void;
}

/** An image, and the health check it brings. */
type HealthImage = LaunchImage & { readonly healthcheck?: ContainerHealthcheck };

/** What a start needs besides the record. */
export interface StartInput {
  readonly image: LaunchImage;
  /** One for each network. */
  readonly links?: readonly LaunchLink[];
  /** For a network namespace without a link. */
  readonly loopback?: Uint8Array;
  readonly sharedWith?: SharedWith;
  readonly files: readonly HostFile[];
}

/** `at`: when the start failed, ms since the epoch. */
type FailedStart = StartFailure & { readonly at: number };

export type ContainerStatus =
  Exclude<Found, { phase: "created" }> | { readonly phase: "created"; readonly failure?: FailedStart };

/** How long a SIGKILL may take before the container counts as stuck. */
const KILL_PATIENCE_MS = 10_000;
const SIGKILL = 9;
/** As docker: what programs on a terminal take it for, where nobody says. */
const TERM = "TERM=xterm";

/** Containers: records on disk, processes under shims, and what is known of them. */
export class Runtime {
  readonly records: Records;
  readonly volumes: Volumes;
  readonly contents: Contents;
  readonly launcher: Launcher;
  readonly health: HealthMonitor;
  readonly #options: RuntimeOptions & { readonly freezer: Freezer };
  readonly #status = new Map<string, ContainerStatus>();
  readonly #ended = new Map<string, Set<() => void>>();
  /** Containers that ended before their start was known here. */
  readonly #early = new Set<string>();
  readonly #serial = new Serial();
  readonly #attaching = new Attaching();
  #server: Server | undefined;
  #userNamespaces: Promise<UserNamespaces> | undefined;

  private constructor(options: RuntimeOptions & { readonly freezer: Freezer }, records: Records) {
    this.#options = options;
    this.records = records;
    this.volumes = new Volumes(options.root);
    this.contents = new Contents(options.root);
    const { launcher: program, root, run, cgroups } = options;
    this.launcher = new Launcher({
      program,
      root,
      run,
      folders: cgroups.map(({ path }) => path),
      onShimGone: (id) => this.#hint(id),
    });
    this.health = new HealthMonitor({
      run,
      prober: options.prober,
      probingsOf: async (id) => {
        const record = this.#record(id);
        return probingsOf(record.config, (await options.imageOf(record)).healthcheck);
      },
      identity: (id) => this.identity(id),
      exec: async (id, command) =>
        await this.exec(
          id,
          { command, environment: {}, stdin: false },
          await options.imageOf(this.#record(id)),
        ),
      isPaused: (id) => this.isPaused(id),
      onChange: options.onHealth,
    });
  }

  /** Opens the instance's containers: finds running ones again, learns of exits, sweeps what nobody owns. */
  static async open(options: RuntimeOptions): Promise<Runtime> {
    await mkdir(join(options.run, "containers"), { recursive: true, mode: 0o700 });
    await makeMountPoints(options.root);
    const { records, leftovers } = await Records.open(options.root);
    const freezer = await Freezer.open(options.cgroups);
    const runtime = new Runtime({ ...options, freezer }, records);
    // Listening comes before looking, so that no exit falls in between.
    runtime.#server = await listenForExits(options.run, (id) => runtime.#hint(id));
    for (const name of leftovers) await records.removeLeftover(name);
    await Promise.all(
      records.list().map(async ({ id }) => {
        const found = await findContainer(runtime.#options, id);
        runtime.#status.set(id, found);
        if (await isHeld(options.run, id)) {
          await freezer.thaw(id);
          await release(options.run, id);
        }
        if (found.phase === "running") runtime.#probe(id, found.process);
        else await freezer.forget(id);
      }),
    );
    await sweepUnowned(runtime.#options, new Set(records.list().map(({ id }) => id)));
    await spreadContainers(runtime.launcher);
    void runtime.userNamespaces();
    return runtime;
  }

  /** Forgets nothing and stops nothing: containers go on under their shims. */
  async close(): Promise<void> {
    this.#server?.close();
    this.health.close();
    await this.#userNamespaces;
    await this.launcher.close();
    await this.#options.freezer.close();
  }

  status(id: string): ContainerStatus {
    return this.#status.get(id) ?? { phase: "created" };
  }

  /** Whether they work here: tried once, when somebody first wants to know. */
  async userNamespaces(): Promise<UserNamespaces> {
    this.#userNamespaces ??= probeUserNamespaces(this.launcher, this.#options).then((found) => {
      if (!found.work)
        this.#options.onWarning(
          `containers run without user namespaces: root in them is root on the host (${found.reason})`,
        );
      return found;
    });
    return await this.#userNamespaces;
  }

  /** Adds a container that does not run yet, with ids of its own where it is to have some. */
  async create(record: ContainerRecord): Promise<void> {
    const own = wantsOwnIds(record.config) && (await this.userNamespaces()).work;
    const idBase = own ? this.#freeIds() : undefined;
    this.#status.set(record.id, { phase: "created" });
    await this.records.put({ ...record, ...(idBase !== undefined && { idBase }) });
  }

  #freeIds(): number {
    const base = freeRange(this.records.idBases());
    if (base !== undefined) return base;
    throw new GantryError("kernel", "every range of user ids is taken", { next: "remove containers" });
  }

  /**
   * Starts a container. Rejects with command.not-found, command.not-executable or kernel, and keeps the reason; with
   * Interrupted, when it is as if it had never been tried. False when it runs already.
   */
  async start(id: string, input: StartInput): Promise<boolean> {
    return await this.#serial.run(id, async () => {
      const record = this.#record(id);
      if (this.status(id).phase === "running") return false;
      const { root, cgroups, privileges } = this.#options;
      try {
        const { config } = attainable(record.config, privileges);
        const seccomp = this.#options.seccomp.filterFor(config.security);
        if (record.idBase !== undefined) await this.#requireUserNamespaces(record);
        const launch = {
          id,
          config,
          ...(record.idBase !== undefined && { idBase: record.idBase }),
          devices: await findDevices(config),
          root,
          cgroups,
          ...input,
          expected: this.#attaching.expects(id),
          volumeFolder: (name: string) => this.volumes.data(name),
          ...(config.contents === undefined ? {} : { contents: await this.#open(config.contents) }),
          ...(seccomp === undefined ? {} : { seccomp }),
        };
        const process = await this.launcher.launch(id, compileLaunch(launch));
        this.#status.set(id, { phase: "running", process });
        await this.#attaching.join(id, shimSocket(this.#options.run, id));
        this.#warnOfUnmapped(record, targetsOf(launch, process));
      } catch (error) {
        if (!(error instanceof Interrupted)) {
          this.#status.set(id, { phase: "created", failure: failureOf(error) });
          throw error;
        }
        const before = this.status(id);
        const found = await findContainer(this.#options, id);
        this.#status.set(id, found);
        if (found.phase === "created" || isSameExit(before, found)) throw error;
      }
      const status = this.status(id);
      if (status.phase === "running") this.#probe(id, status.process);
      this.#options.onChange(id, "start");
      if (this.#early.delete(id)) await this.#look(id);
      return true;
    });
  }

  async #open(
    contents: readonly ContainerContent[],
  ): Promise<readonly (ContainerContent & { readonly bytes: Uint8Array })[]> {
    return await Promise.all(
      contents.map(async (content) => ({ ...content, bytes: await this.contents.get(content.digest) })),
    );
  }

  /** Its files belong to ids that only mean something in a user namespace. Throws kernel. */
  async #requireUserNamespaces({ name }: ContainerRecord): Promise<void> {
    const found = await this.userNamespaces();
    if (!found.work)
      throw new GantryError(
        "kernel",
        `${name} needs a user namespace, which do not work here: ${found.reason}`,
        {
          next: `gantry rm ${name}, and let it be made again without`,
        },
      );
  }

  #warnOfUnmapped({ name }: ContainerRecord, targets: readonly string[]): void {
    if (targets.length > 0)
      this.#options.onWarning(
        `${name}: the file system behind ${targets.join(", ")} cannot map ids: its files belong to nobody inside`,
      );
  }

  /** Signal, grace period, SIGKILL. False when it does not run. */
  async stop(id: string, options: { readonly signal: string; readonly graceMs: number }): Promise<boolean> {
    const status = this.status(id);
    if (status.phase !== "running") return false;
    const ended = this.wait(id);
    const signal = signalNumber(options.signal);
    // Only the first process of a pid namespace ignores what it has no handler for.
    const sharesPids = this.#record(id).config.namespaces?.pid !== undefined;
    if (options.graceMs > 0 && (sharesPids || notices(status.process.pid, signal))) {
      await this.#signal(id, signal);
      await this.#options.freezer.thaw(id);
      await within(ended, options.graceMs);
    }
    if (this.status(id).phase === "running") {
      await this.#signal(id, SIGKILL);
      await this.#options.freezer.thaw(id);
      if (!(await within(ended, KILL_PATIENCE_MS)))
        throw new GantryError("kernel", `container ${id.slice(0, 12)} does not die`, {
          next: "a process of it hangs in the kernel: look at dmesg",
        });
    }
    return true;
  }

  /** Sends a signal to the container's first process. Throws container.not-running. */
  async kill(id: string, signal: string): Promise<void> {
    const number = signalNumber(signal);
    if (this.status(id).phase !== "running" || !(await this.#signal(id, number)))
      throw new GantryError("container.not-running", `container ${id.slice(0, 12)} is not running`);
    // As docker: what is to die must not stand still first; any other signal waits until the container goes on.
    if (number === SIGKILL) await this.#options.freezer.thaw(id);
  }

  isPaused(id: string): boolean {
    return this.status(id).phase === "running" && this.#options.freezer.isFrozen(id);
  }

  /** Stops every process of a container where it is. Throws container.not-running, conflict when it is paused. */
  async pause(id: string): Promise<void> {
    await this.#serial.run(id, async () => {
      this.#requireRunning(this.#record(id));
      if (this.isPaused(id))
        throw new GantryError("conflict", `container ${id.slice(0, 12)} is already paused`);
      await this.#options.freezer.freeze(id);
    });
  }

  /** Lets a paused container go on. Throws container.not-running, conflict when it is not paused. */
  async unpause(id: string): Promise<void> {
    await this.#serial.run(id, async () => {
      this.#requireRunning(this.#record(id));
      if (!this.isPaused(id)) throw new GantryError("conflict", `container ${id.slice(0, 12)} is not paused`);
      await this.#options.freezer.thaw(id);
    });
  }

  /** Does something while the container is neither started nor removed. */
  async exclusively<T>(id: string, task: () => Promise<T>): Promise<T> {
    return await this.#serial.run(id, task);
  }

  /** Does something while no process of a container runs, if one does. It goes on afterwards, whatever happens to us. */
  async heldWhile<T>(id: string, task: () => Promise<T>): Promise<T> {
    const { run, freezer } = this.#options;
    return await this.#serial.run(id, async () => {
      if (this.status(id).phase !== "running" || this.isPaused(id)) return await task();
      await hold(run, id);
      try {
        await freezer.freeze(id);
        return await task();
      } finally {
        await freezer.thaw(id);
        await release(run, id);
      }
    });
  }

  /** Resolves once the container does not run. */
  async wait(id: string): Promise<void> {
    if (this.status(id).phase !== "running") return;
    await new Promise<void>((resolve) => {
      const waiting = this.#ended.get(id) ?? new Set();
      waiting.add(resolve);
      this.#ended.set(id, waiting);
    });
  }

  /** Removes a container that does not run: record, writable layer, log, run folder. */
  async remove(id: string): Promise<void> {
    await this.#serial.run(id, async () => {
      if (this.status(id).phase === "running")
        throw new GantryError("container.running", `container ${id.slice(0, 12)} is running`, {
          next: "stop it first",
        });
      await this.records.remove(id);
      this.#status.delete(id);
      await rm(runFolder(this.#options.run, id), { recursive: true, force: true });
    });
  }

  /** Probes a running container from now on as its record says. */
  async probe(id: string): Promise<void> {
    const status = this.status(id);
    if (status.phase === "running") await this.health.begin(id, status.process.startedAt, true);
  }

  /** Writes a running container's limits to its cgroups; its processes notice nothing. */
  async applyLimits(record: ContainerRecord): Promise<void> {
    if (this.status(record.id).phase !== "running") return;
    await updateLimits(this.#options.cgroups, shortId(record.id), record.config.limits);
  }

  /**
   * Whether this machine can run a container so configured. Throws spec.invalid or limit.unsupported; returns what it
   * would have to do without, in words.
   */
  async check(config: ContainerConfig): Promise<readonly string[]> {
    const { cgroups, seccomp, privileges } = this.#options;
    limitWrites(config.limits, cgroups, { fresh: true });
    seccomp.filterFor(config.security);
    await findDevices(config);
    return attainable(config, privileges).warnings;
  }

  /** The first process of a running container, for those that share its namespaces. */
  identity(id: string): ProcessIdentity | undefined {
    const status = this.status(id);
    return status.phase === "running" ? status.process : undefined;
  }

  /** Runs a further process inside. Throws container.not-running, command.not-found, command.not-executable. */
  async exec(id: string, config: ExecConfig, image: LaunchImage): Promise<ExecSession> {
    const record = this.#record(id);
    const process = this.#requireRunning(record);
    if (this.isPaused(id))
      throw new GantryError("conflict", `container ${record.name} is paused`, {
        next: `gantry unpause ${record.name}`,
      });
    const { terminal } = config;
    const own = { ...record.config, environment: { ...record.config.environment, ...config.environment } };
    const env = [...(terminal === undefined ? [] : [TERM]), ...(image.env ?? [])];
    const { cgroups, run, privileges } = this.#options;
    const seccomp = this.#options.seccomp.filterFor(record.config.security);
    const plan = compileExec({
      id,
      process,
      ...(record.idBase !== undefined && { idBase: record.idBase }),
      config: attainable(record.config, privileges).config,
      cgroups,
      command: config.command,
      environment: environmentOf(own, { env }, hostnameOf(id, record.config)),
      workingDir: config.workingDir ?? record.config.workingDir ?? image.workingDir ?? "/",
      user: config.user ?? record.config.user ?? image.user ?? "",
      ...(seccomp === undefined ? {} : { seccomp }),
      ...(terminal === undefined ? {} : { terminal }),
    });
    return await shimExec(shimSocket(run, id), plan);
  }

  /**
   * The container's own stdio as it comes, for one with an input or a terminal; of one that does not run, its next
   * life's from the beginning. Throws container.not-running, conflict; the signal's reason when aborted.
   */
  async attach(
    id: string,
    options: { readonly input: boolean; readonly signal: AbortSignal },
  ): Promise<ExecSession> {
    const { input, signal } = options;
    if (this.status(id).phase === "running")
      return await shimAttach(shimSocket(this.#options.run, id), { input, fromStart: false });
    return await this.#attaching.next(id, input, signal);
  }

  /** Tells the container's terminal its size; without a terminal nothing happens. Throws container.not-running. */
  async resize(id: string, size: TerminalSize): Promise<void> {
    this.#requireRunning(this.#record(id));
    await shimResize(shimSocket(this.#options.run, id), size);
  }

  /** The container's processes as ps(1) shows them. Throws container.not-running, request.invalid. */
  async processes(id: string, psArguments: readonly string[]): Promise<ProcessTable> {
    this.#requireRunning(this.#record(id));
    return await processTable(await processesOf(this.#options.cgroups, id), psArguments);
  }

  /** What the container uses; undefined while it does not run. */
  async usage(id: string): Promise<ContainerUsage | undefined> {
    const status = this.status(this.#record(id).id);
    return status.phase === "running"
      ? await readUsage(this.#options.cgroups, id, status.process.pid)
      : undefined;
  }

  /** Looks for containers whose shim was killed without a word; the slow, level-triggered safety net. */
  async verify(): Promise<void> {
    for (const { id } of this.records.list()) {
      const status = this.status(id);
      if (status.phase === "running" && !isShim(status.process.shim)) await this.#look(id);
    }
  }

  #probe(id: string, { startedAt }: LaunchedProcess): void {
    this.health
      .begin(id, startedAt)
      .catch((error: unknown) =>
        this.#options.onWarning(`health check of ${shortId(id)}: ${messageOf(error)}`),
      );
  }

  /** A container is said to have ended; that may be heard before its start is known. */
  #hint(id: string): void {
    if (this.status(id).phase === "running") void this.#look(id);
    else this.#early.add(id);
  }

  /** Learns whether a container that counts as running has ended. */
  async #look(id: string): Promise<void> {
    const status = this.status(id);
    if (status.phase !== "running") return;
    const exit = await readExit(this.#options.run, id);
    if (exit === undefined && isShim(status.process.shim)) return;
    const found: Found =
      exit === undefined ? await findContainer(this.#options, id) : { phase: "exited", exit };
    // Started anew meanwhile: what was found belongs to an earlier process.
    if (found.phase === "running" || this.#status.get(id) !== status) return;
    this.#status.set(id, found);
    this.health.end(id);
    for (const resolve of this.#ended.get(id) ?? []) resolve();
    this.#ended.delete(id);
    this.#options.onChange(id, "die");
    await this.#options.freezer.forget(id);
  }

  async #signal(id: string, signal: number): Promise<boolean> {
    const delivered = await shimSignal(shimSocket(this.#options.run, id), signal);
    if (!delivered) await this.#look(id);
    return delivered;
  }

  #requireRunning({ id, name }: ContainerRecord): LaunchedProcess {
    const status = this.status(id);
    if (status.phase === "running") return status.process;
    throw new GantryError("container.not-running", `container ${name} is not running`, {
      next: `gantry start ${name}`,
    });
  }

  #record(id: string): ContainerRecord {
    const record = this.records.get(id);
    if (record === undefined) throw new GantryError("container.not-found", `No such container: ${id}`);
    return record;
  }
}

/** What was found is how the run before this start ended: the start never came to anything. */
function isSameExit(before: ContainerStatus, found: Found): boolean {
  if (before.phase !== "exited" || found.phase !== "exited") return false;
  return before.exit.startedAt === found.exit.startedAt && before.exit.finishedAt === found.exit.finishedAt;
}

function notices(pid: number, signal: number): boolean {
  return catchesSignal(readProcess(pid, "status"), readProcess(pid, "syscall"), signal);
}

/** Synchronous: the kernel answers from memory, sooner than a thread could be asked to wait for it. */
function readProcess(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
}

function failureOf(error: unknown): FailedStart {
  const code = error instanceof GantryError ? error.code : "kernel";
  const known =
    code === "command.not-found" || code === "command.not-executable" || code === "image.not-found";
  return { code: known ? code : "kernel", message: messageOf(error), at: Date.now() };
}

async function within(promise: Promise<void>, ms: number): Promise<boolean> {
  const abort = new AbortController();
  const timer = delay(ms, false, { signal: abort.signal }).catch(() => false);
  const done = await Promise.race([promise.then(() => true), timer]);
  abort.abort();
  return done;
}
