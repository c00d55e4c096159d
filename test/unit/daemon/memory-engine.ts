import { Readable } from "node:stream";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine, EngineEvent, ImageSummary } from "../../../src/daemon/engine.ts";
import type { Progress } from "../../../src/daemon/protocol.ts";
import { GantryError } from "../../../src/error.ts";
import type { ObservedContainer } from "../../../src/observe/snapshot.ts";
import { readLog } from "../../../src/runtime/log.ts";
import type { OutputChunk } from "../../../src/runtime/session.ts";
import type { ContainerUsage } from "../../../src/runtime/usage.ts";
import type { Project } from "../../../src/spec/project.ts";

const USAGE: ContainerUsage = {
  time: Date.UTC(2026, 10, 24),
  machine: { cpuNs: 4e9, cpus: 2, memoryBytes: 2 ** 30 },
  cpu: { total: 1e9, user: 6e8, system: 4e8 },
  throttling: { periods: 10, throttled: 2, ns: 5e6 },
  memory: { bytes: 5 * 2 ** 20, limitBytes: 2 ** 26, details: { inactive_file: 2 ** 20 } },
  pids: { current: 3, limit: 4096 },
  io: [{ major: 8, minor: 0, readBytes: 4096, writeBytes: 8192 }],
  networks: {},
};

/**
 * An engine without containers, to try the API on: records are kept in memory, logs are real files in `folder`, exec
 * runs the command on this machine, as the test's own child.
 */
const PLATFORM = { os: "linux", architecture: "amd64" };

export class MemoryEngine implements Engine {
  readonly folder: string;
  records: ObservedContainer[] = [];
  stored: ImageSummary[] = [];
  readonly applied = new Map<string, Project>();
  readonly listeners = new Set<(event: EngineEvent) => void>();
  /** What reached the engine, for tests that say what must not. */
  readonly asked: string[] = [];
  /** Progress that a stream of a project gives; replaced by tests. */
  progress: (signal: AbortSignal | undefined) => AsyncIterable<Progress> = async function* () {
    yield { type: "plan", text: "+ web.1", steps: 1 };
    yield { type: "done", changed: 1, ms: 5 };
  };
  /** Signals handed to apply. */
  readonly signals: AbortSignal[] = [];
  readonly #exits = new Map<string, { promise: Promise<number>; exit: (code: number) => void }>();

  constructor(folder: string) {
    this.folder = folder;
  }

  add(name: string, changes: Partial<ObservedContainer> = {}): ObservedContainer {
    const container: ObservedContainer = {
      id: createHash("sha256").update(name).digest("hex"),
      name,
      config: {
        image: "host",
        command: ["sleep", "1000"],
        environment: { A: "b" },
        mounts: [],
        limits: {},
        restart: { name: "always" },
        stopGraceMs: 10_000,
        labels: {},
        init: false,
      },
      imageId: "host",
      fingerprint: {},
      createdAt: Date.now(),
      stoppedByUser: false,
      failures: 0,
      state: "running",
      pid: 4242,
      startedAt: Date.now(),
      oomKilled: false,
      ...changes,
    };
    this.records.push(container);
    let exit!: (code: number) => void;
    const promise = new Promise<number>((resolve) => (exit = resolve));
    this.#exits.set(container.id, { promise, exit });
    mkdirSync(join(this.folder, container.id), { recursive: true });
    return container;
  }

  writeLog(container: ObservedContainer, content: string): void {
    writeFileSync(join(this.folder, container.id, "log"), content, { flag: "a" });
  }

  emit(event: EngineEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  exit(container: ObservedContainer, code: number): void {
    const { pid: _pid, ...rest } = container;
    const index = this.records.findIndex(({ id }) => id === container.id);
    this.records[index] = { ...rest, state: "exited", exitCode: code, finishedAt: Date.now() };
    this.#exits.get(container.id)?.exit(code);
  }

  #find(reference: string): ObservedContainer {
    this.asked.push(reference);
    const found = this.records.find(({ id, name }) => name === reference || id.startsWith(reference));
    if (found === undefined) throw new GantryError("container.not-found", `no container ${reference}`);
    return found;
  }

  #pause({ paused: _, ...found }: ObservedContainer, state: { paused?: true }): void {
    const index = this.records.findIndex(({ id }) => id === found.id);
    this.records[index] = { ...found, ...state };
  }

  readonly containers: Engine["containers"] = {
    list: () => Promise.resolve(this.records),
    find: async (reference) => this.#find(reference),
    create: async ({ name = "unnamed", config }) => {
      const { id } = this.add(name, { config, state: "created" });
      return { id, warnings: [] };
    },
    rename: async (reference) => void this.#find(reference),
    update: async (reference) => (this.#find(reference), []),
    ports: ({ owner }) => {
      const project = this.applied.get(owner?.project ?? "");
      return project?.services[owner?.service ?? ""]?.ports ?? [];
    },
    size: async () => 0,
    start: async (reference) => {
      const found = this.#find(reference);
      if (found.state === "running") return false;
      this.records[this.records.indexOf(found)] = { ...found, state: "running", pid: 4243 };
      return true;
    },
    stop: async (reference) => {
      const found = this.#find(reference);
      if (found.state !== "running") return false;
      this.exit(found, 143);
      return true;
    },
    restart: async (reference) => void this.#find(reference),
    kill: async (reference, signal) => {
      this.asked.push(signal);
      this.exit(this.#find(reference), 137);
    },
    pause: async (reference) => this.#pause(this.#find(reference), { paused: true }),
    unpause: async (reference) => this.#pause(this.#find(reference), {}),
    remove: async (reference, { force }) => {
      const found = this.#find(reference);
      if (found.state === "running" && !force) {
        throw new GantryError("container.running", `${found.name} is running`, { next: "try: gantry stop" });
      }
      this.records = this.records.filter(({ id }) => id !== found.id);
    },
    wait: async (reference) => this.#exits.get(this.#find(reference).id)?.promise ?? 0,
    logs: (reference, options) => {
      const { id, state } = this.#find(reference);
      const exited = state === "running" ? this.#exits.get(id)?.promise : undefined;
      return readLog(join(this.folder, id), options, exited ?? Promise.resolve());
    },
    processes: async () => ({ titles: ["PID", "CMD"], processes: [["4242", "sleep 1000"]] }),
    usage: async (reference) => {
      const found = this.#find(reference);
      return found.state === "running" ? USAGE : undefined;
    },
    attach: async (reference) => {
      this.#find(reference);
      return await this.containers.exec(reference, { command: ["cat"], environment: {}, stdin: true });
    },
    resize: async (reference, { rows, columns }) => {
      this.#find(reference);
      this.asked.push(`${rows}x${columns}`);
    },
    changes: async (reference) => (this.#find(reference), [{ kind: "added", path: "/new" }]),
    export: async (reference) => (this.#find(reference), Readable.from([Buffer.from("all")])),
    readPath: async (reference) => (this.#find(reference), Readable.from([Buffer.from("some")])),
    pathStatus: async (reference, path) => {
      this.#find(reference);
      return { name: path, size: 4, mode: 0o644, modifiedAt: 0, linkTarget: "" };
    },
    writePath: async (reference, { path }) => {
      this.#find(reference);
      this.asked.push(path);
    },
    commit: async (reference, { changes }) => {
      this.asked.push(...changes);
      return this.#find(reference).imageId;
    },
    exec: async (_reference, { command: [program = "", ...args], environment, stdin }) => {
      if (program === "missing") throw new GantryError("command.not-found", "missing: no such command");
      const child = spawn(program, args, { env: { ...process.env, ...environment } });
      if (!stdin) child.stdin.end();
      return {
        pid: child.pid ?? 0,
        stdin: child.stdin,
        output: merged(child.stdout, child.stderr),
        exit: new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 137))),
        kill: (signal) => void child.kill(signal),
        close: () => undefined,
        resize: ({ rows, columns }) => void this.asked.push(`resize ${rows}x${columns}`),
      };
    },
  };

  readonly projects: Engine["projects"] = {
    list: () => Promise.resolve([]),
    get: async (name) => {
      const project = this.applied.get(name);
      if (project === undefined) throw new GantryError("project.not-found", `no project ${name}`);
      return { project, stopped: [] };
    },
    apply: (project, { signal }) => {
      this.applied.set(project.name, project);
      if (signal !== undefined) this.signals.push(signal);
      return this.progress(signal);
    },
    plan: async () => ({ plan: { steps: [], later: [], problems: [], wakeAt: null }, text: "nothing to do" }),
    history: async () => ({ revisions: [] }),
    compare: async () => [],
    undo: () => this.progress(undefined),
    scale: () => this.progress(undefined),
    stop: () => this.progress(undefined),
    start: () => this.progress(undefined),
    restart: () => this.progress(undefined),
    down: () => this.progress(undefined),
  };

  readonly ports: Engine["ports"] = async () => [];
  readonly networks: Engine["networks"] = {
    list: async () => [],
    find: (reference) =>
      Promise.reject(new GantryError("network.not-found", `network ${reference} not found`)),
    create: () => Promise.reject(new GantryError("internal", "there are no networks here")),
    remove: (reference) =>
      Promise.reject(new GantryError("network.not-found", `network ${reference} not found`)),
    prune: async () => [],
    connect: () => Promise.reject(new GantryError("internal", "there are no networks here")),
    disconnect: () => Promise.reject(new GantryError("internal", "there are no networks here")),
  };
  readonly volumes: Engine["volumes"] = {
    list: async () => [],
    find: async (name) => {
      throw new GantryError("volume.not-found", `get ${name}: no such volume`);
    },
    create: async (name = "anonymous", labels) => ({ name, labels, createdAt: 0, data: "/", users: [] }),
    remove: async () => undefined,
    size: async () => 0,
  };

  readonly builds: Engine["builds"] = {
    build: () => {
      throw new GantryError("internal", "nothing is built here");
    },
    prune: () => Promise.resolve({ removed: [], reclaimedBytes: 0 }),
  };

  readonly images: Engine["images"] = {
    list: () => Promise.resolve(this.stored),
    import: async (body, reference) => {
      const hash = createHash("sha256");
      let sizeBytes = 0;
      for await (const chunk of body) {
        hash.update(chunk);
        sizeBytes += chunk.length;
      }
      const id = `sha256:${hash.digest("hex")}`;
      const about = {
        createdAt: Date.now(),
        sizeBytes,
        labels: {},
        containers: 0,
        digests: [],
        platform: PLATFORM,
      };
      this.stored.push({ id, references: [reference], ...about });
      return id;
    },
    pull: (reference) => {
      throw new GantryError("image.not-found", `no registry has ${reference}`);
    },
    push: (reference) => {
      throw new GantryError("image.not-found", `no image ${reference}`);
    },
    tag: (image) => Promise.reject(new GantryError("image.not-found", `no image ${image}`)),
    inspect: (reference) => {
      const found = this.stored.find(({ id, references }) =>
        [id, ...references].some((one) => one === reference || one === `${reference}:latest`),
      );
      if (found !== undefined) return Promise.resolve({ image: found, diffIds: [] });
      return Promise.reject(new GantryError("image.not-found", `no image ${reference}`));
    },
    history: () => Promise.resolve([]),
    save: () => Promise.reject(new GantryError("image.not-found", "no image")),
    load: () => Promise.reject(new GantryError("image.invalid", "not an archive")),
    prune: () => Promise.resolve({ removed: [], reclaimedBytes: 0 }),
    usage: () => Promise.resolve({ totalBytes: 0, images: new Map() }),
    logIn: () => Promise.reject(new GantryError("registry.denied", "nobody is known here")),
    remove: async (reference) => {
      const found = this.stored.find(({ references }) => references.includes(reference));
      if (found === undefined) throw new GantryError("image.not-found", `no image ${reference}`);
      this.stored = this.stored.filter((image) => image !== found);
      return [{ untagged: reference }, { deleted: found.id }];
    },
  };

  diskUsage: Engine["diskUsage"] = () => Promise.resolve({ containers: [], volumes: [] });

  doctor: Engine["doctor"] = () =>
    Promise.resolve([{ name: "cgroups", status: "ok", found: "v1 hybrid", cost: "" }]);
}

/** Both pipes' chunks as they come. */
async function* merged(
  stdout: AsyncIterable<Buffer>,
  stderr: AsyncIterable<Buffer>,
): AsyncGenerator<OutputChunk> {
  const sources = new Map(
    [
      { stream: "stdout" as const, iterator: stdout[Symbol.asyncIterator]() },
      { stream: "stderr" as const, iterator: stderr[Symbol.asyncIterator]() },
    ].map(({ stream, iterator }) => [stream, { iterator, next: pull(stream, iterator) }]),
  );
  while (sources.size > 0) {
    const { stream, result } = await Promise.race([...sources.values()].map(({ next }) => next));
    const source = sources.get(stream);
    if (source === undefined || result.done === true) sources.delete(stream);
    else {
      source.next = pull(stream, source.iterator);
      yield { stream, data: result.value };
    }
  }
}

async function pull(stream: OutputChunk["stream"], iterator: AsyncIterator<Buffer>) {
  return { stream, result: await iterator.next() };
}
