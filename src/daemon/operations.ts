import { setTimeout as delay } from "node:timers/promises";
import { GantryError, messageOf } from "../error.ts";
import type { StepEvent } from "../apply/execute.ts";
import { accepts } from "../apply/takeover.ts";
import type { Containers } from "../apply/containers.ts";
import { observeContainer } from "../observe/observe.ts";
import type { ObservedContainer } from "../observe/snapshot.ts";
import type { Action, Plan } from "../reconcile/action.ts";
import { renderPlan } from "../reconcile/render.ts";
import type { Firewall } from "../net/firewall/firewall.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { Channel } from "./channel.ts";
import { configurationWarnings } from "./configuration.ts";
import type { Engine } from "./engine.ts";
import { desiredOf, type Loop, problemsError } from "./loop.ts";
import type { ProjectStore, StoredProject } from "./projects.ts";
import { beforeOf } from "./revision.ts";
import type { Revisions } from "./revisions.ts";
import type { ErrorBody, Progress } from "./protocol.ts";
import { endpointsToAnswer, settled } from "./settle.ts";

const POLL_MS = 10;
const LATER_POLL_MS = 25;
/** After this long `--wait` gives up on a port that nobody answers on. */
const PORT_PATIENCE_MS = 30_000;

export interface OperationsOptions {
  readonly runtime: Runtime;
  readonly containers: Containers;
  readonly store: ProjectStore;
  readonly loop: Loop;
  readonly revisions: Revisions;
  readonly firewall: Pick<Firewall, "state">;
}

type Emit = (progress: Progress) => void;

/**
 * What can be asked for a whole project. Every request is first made durable, then acted upon: once a plan has been
 * reported the work goes on, whoever listens.
 */
export function projectOperations({
  runtime,
  containers,
  store,
  loop,
  revisions,
  firewall,
}: OperationsOptions): Engine["projects"] {
  function get(name: string): StoredProject {
    const stored = store.get(name);
    if (stored !== undefined && stored.leaving === undefined) return stored;
    throw new GantryError("project.not-found", `there is no project ${name}`, { next: "gantry projects" });
  }

  function servicesOf({ project }: StoredProject, asked: readonly string[] | undefined): readonly string[] {
    const known = Object.keys(project.services);
    const unknown = asked?.find((name) => !known.includes(name));
    if (unknown === undefined) return asked ?? known;
    throw new GantryError("request.invalid", `project ${project.name} has no service ${unknown}`, {
      next: `its services are ${known.join(", ")}`,
    });
  }

  function mine(project: string, services?: readonly string[]): readonly ObservedContainer[] {
    return runtime.records
      .list()
      .filter(({ owner }) => owner?.project === project && (services?.includes(owner.service) ?? true))
      .map((record) => observeContainer(runtime, record));
  }

  /**
   * Plans what `wanted` means, makes it durable, and carries it out; what failed or was stopped by hand of the services
   * `again` is started too. Returns how many steps there were.
   */
  async function change(
    wanted: StoredProject,
    emit: Emit,
    again: readonly string[] = [],
    signal?: AbortSignal,
  ): Promise<number> {
    const { name } = wanted.project;
    const { changed, later } = await loop.exclusively(name, async () => {
      const planned = await loop.plan(name, wanted, again);
      const problems = problemsError(planned);
      if (problems !== undefined) throw problems;
      const warnings = await configurationWarnings(runtime, planned);
      await store.put(wanted);
      await revisions.remember(name);
      emit({ type: "plan", text: renderPlan(planned), steps: planned.steps.length + planned.later.length });
      for (const message of warnings) emit({ type: "warning", message });
      const done = await carryOut(name, planned, emit);
      if (planned.steps.some(({ action }) => bringsImage(action))) await revisions.remember(name); // known only now
      const { state } = firewall;
      if (typeof state === "object" && planned.steps.some(({ action }) => action.kind === "create-network"))
        emit({ type: "warning", message: `containers do not reach the outside: ${state.problem}` });
      const brought = { changed: done, later: planned.later.length };
      if (!planned.steps.some(({ action }) => action.kind === "pull-image" && action.refresh)) return brought;
      // What came may be newer than what runs: only now can be said what that means.
      const next = await loop.plan(name, wanted);
      if (next.problems.length > 0) return brought;
      return { changed: done + (await carryOut(name, next, emit)), later: next.later.length };
    });
    if (later > 0) await untilNothingIsLater(name, signal, emit);
    return changed + later;
  }

  async function carryOut(project: string, planned: Plan, emit: Emit): Promise<number> {
    const told = (event: StepEvent): void => emit(stepProgress(event));
    const { failed, skipped, setbacks } = await loop.execute(project, planned, told);
    if (setbacks.length > 0) await putBack(project, told);
    loop.wake(project); // what is left, and what a failure calls for, is the loop's
    const [first] = failed;
    if (first === undefined) return planned.steps.length;
    const others = failed.length + skipped.length - 1;
    const more = others > 0 ? ` (and ${others} more)` : "";
    const { code, next } = describe(first.error);
    const [summary = "", ...rest] = messageOf(first.error).split("\n");
    const news = setbacks.map((text) => `\n${text}`).join("");
    throw new GantryError(
      code,
      `${first.step.subject}: ${summary}${more}${rest.map((line) => `\n${line}`).join("")}${news}`,
      {
        ...(next === undefined ? {} : { next }),
        cause: first.error,
      },
    );
  }

  /** One pass at once for what was set back, so that who applied sees it end; what it does not reach is the loop's. */
  async function putBack(project: string, told: (event: StepEvent) => void): Promise<void> {
    const stored = store.get(project);
    if (stored === undefined) return;
    const planned = await loop.plan(project, stored);
    if (planned.problems.length === 0) await loop.execute(project, planned, told);
  }

  /** Turns a task that reports into the stream that the API sends. */
  function stream(task: (emit: Emit) => Promise<number>): AsyncIterable<Progress> {
    const channel = new Channel<Progress>();
    const began = performance.now();
    task((progress) => channel.push(progress))
      .then((changed) => channel.push({ type: "done", changed, ms: Math.round(performance.now() - began) }))
      .catch((error: unknown) => channel.push({ type: "error", error: describe(error) }))
      .finally(() => channel.close());
    return channel;
  }

  /**
   * What had to wait for other services to be healthy or done is the loop's; this stays until that is done too. Throws
   * conflict when it never will be.
   */
  async function untilNothingIsLater(
    project: string,
    signal: AbortSignal | undefined,
    emit: Emit,
  ): Promise<void> {
    const unfollow = loop.follow(project, (event) => emit(stepProgress(event)));
    const leftAlone = (): boolean => signal?.aborted === true;
    try {
      while (!leftAlone()) {
        const stored = store.get(project);
        if (stored === undefined) return;
        const { steps, later } = await loop.exclusively(project, () => loop.plan(project, stored));
        if (steps.length + later.length === 0) return;
        progressOf(stored, mine(project));
        await delay(LATER_POLL_MS);
      }
    } finally {
      unfollow();
    }
  }

  /** How far a project is; throws conflict when some replica will never be as it should. */
  function progressOf(stored: StoredProject, found: readonly ObservedContainer[]): "yes" | "no" {
    const state = settled(desiredOf(stored), found, Date.now());
    if (state.state !== "never") return state.state;
    throw new GantryError("conflict", state.message, {
      next: `gantry logs -p ${stored.project.name} ${state.service}`,
    });
  }

  async function waitUntilSettled(
    project: string,
    signal: AbortSignal | undefined,
    emit: Emit,
  ): Promise<void> {
    let deadline: number | undefined;
    const leftAlone = (): boolean => signal?.aborted === true;
    while (!leftAlone()) {
      const stored = get(project);
      const found = mine(project);
      if (progressOf(stored, found) === "yes") {
        const silent = await firstSilent(endpointsToAnswer(desiredOf(stored), found));
        if (silent === undefined) return;
        deadline ??= Date.now() + PORT_PATIENCE_MS;
        if (Date.now() > deadline) {
          emit({ type: "warning", message: `nobody answers on port ${silent} yet` });
          return;
        }
      }
      await delay(POLL_MS);
    }
  }

  async function restart(name: string, services: readonly string[] | undefined, emit: Emit): Promise<number> {
    const stored = get(name);
    const wanted = servicesOf(stored, services);
    return await loop.exclusively(name, async () => {
      const chosen = mine(name, wanted);
      await Promise.all(
        chosen.map(async ({ id, owner, config }) => {
          const subject = `${owner?.service}.${owner?.number}`;
          const step = {
            type: "step",
            key: `restart ${subject}`,
            subject,
            kind: "restart",
            cause: "asked for",
          } as const;
          const began = performance.now();
          emit({ ...step, state: "started" });
          await containers.stop(id, config.stopGraceMs);
          await containers.update(id, { stoppedByUser: false, failures: 0 });
          await containers.start(id);
          emit({ ...step, state: "done", ms: Math.round(performance.now() - began) });
        }),
      );
      return chosen.length;
    });
  }

  return {
    list: async () =>
      store.list().map(({ project, replicas, stopped }) => ({
        name: project.name,
        services: Object.keys(project.services).length,
        wanted: Object.entries(project.services).reduce(
          (sum, [name, service]) => sum + (stopped.includes(name) ? 0 : (replicas[name] ?? service.replicas)),
          0,
        ),
        running: mine(project.name).filter(({ state }) => state === "running").length,
        files: project.files,
      })),
    get: async (name) => get(name),
    plan: async (name, project) => {
      const stored = store.get(name);
      if (project === undefined && stored === undefined) get(name);
      const wanted = project === undefined ? (stored ?? null) : { project, replicas: {}, stopped: [] };
      const again = project === undefined ? [] : Object.keys(project.services);
      const planned = await loop.plan(name, wanted, again);
      return { plan: planned, text: renderPlan(planned) };
    },
    apply: (project, { wait, signal }) =>
      stream(async (emit) => {
        const again = Object.keys(project.services);
        const changed = await change(revisions.numbered(project), emit, again, signal);
        if (wait) await waitUntilSettled(project.name, signal, emit);
        return changed;
      }),
    scale: (name, service, replicas) =>
      stream(async (emit) => {
        const stored = get(name);
        servicesOf(stored, [service]);
        if (!Number.isSafeInteger(replicas) || replicas < 0)
          throw new GantryError("request.invalid", `${replicas} is not a number of replicas`);
        return await change({ ...stored, replicas: { ...stored.replicas, [service]: replicas } }, emit);
      }),
    history: async (name) => {
      const { revision } = get(name);
      const list = store.history.list(name);
      const before = beforeOf(list, revision)?.number;
      return {
        revisions: list,
        ...(revision === undefined ? {} : { current: revision }),
        ...(before === undefined ? {} : { before }),
      };
    },
    compare: async (name, from, to) => {
      get(name);
      return await revisions.compare(name, from, to);
    },
    undo: (name, to) =>
      stream(async (emit) => {
        const wanted = await revisions.restored(get(name), to);
        return await change(wanted, emit, Object.keys(wanted.project.services));
      }),
    stop: (name, services) =>
      stream(async (emit) => {
        const stored = get(name);
        const stopped = [...new Set([...stored.stopped, ...servicesOf(stored, services)])].sort();
        return await change({ ...stored, stopped }, emit);
      }),
    start: (name, services) =>
      stream(async (emit) => {
        const stored = get(name);
        const wanted = servicesOf(stored, services);
        const stopped = stored.stopped.filter((one) => !wanted.includes(one));
        return await change({ ...stored, stopped }, emit, wanted);
      }),
    restart: (name, services) => stream((emit) => restart(name, services, emit)),
    down: (name, { volumes }) =>
      stream(async (emit) => {
        const stored = store.get(name) ?? get(name);
        const changed = await change({ ...stored, leaving: { volumes } }, emit);
        await loop.exclusively(name, () => store.remove(name));
        return changed;
      }),
  };
}

function bringsImage({ kind }: Action): boolean {
  return kind === "pull-image" || kind === "import-image";
}

function stepProgress({ step, state, ms, error }: StepEvent): Progress {
  return {
    type: "step",
    key: step.key,
    subject: step.subject,
    kind: step.action.kind,
    cause: step.cause,
    state,
    ...(ms === undefined ? {} : { ms: Math.round(ms) }),
    ...(error === undefined ? {} : { message: messageOf(error).split("\n", 1)[0] ?? "" }),
  };
}

function describe(error: unknown): ErrorBody {
  if (!(error instanceof GantryError)) return { message: messageOf(error), code: "internal" };
  const { message, code, next } = error;
  return { message, code, ...(next === undefined ? {} : { next }) };
}

async function firstSilent(
  endpoints: readonly { readonly address: string; readonly port: number }[],
): Promise<number | undefined> {
  const results = await Promise.all(
    endpoints.map(async (endpoint) =>
      (await accepts(endpoint.address, endpoint.port)) ? undefined : endpoint.port,
    ),
  );
  return results.find((port) => port !== undefined);
}
