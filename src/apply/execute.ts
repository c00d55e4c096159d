import PQueue from "p-queue";
import { GantryError } from "../error.ts";
import type { Action, ActionKind, Plan, Step } from "../reconcile/action.ts";
import { graphOf } from "./graph.ts";

/** What carries out each kind of action. The signal is the executor's own. */
export type Handlers = {
  readonly [K in ActionKind]: (action: Action<K>, signal: AbortSignal) => Promise<void>;
};

export interface StepEvent {
  readonly step: Step;
  readonly state: "started" | "done" | "failed";
  /** Milliseconds it took, once over. */
  readonly ms?: number;
  /** What a failed step threw. */
  readonly error?: unknown;
}

export interface ExecuteOptions {
  /** How many steps may run at once, at least 1. */
  readonly concurrency: number;
  /** Once aborted no further step starts; those that run are handed it and awaited. */
  readonly signal: AbortSignal;
  /** Must not throw. */
  readonly onStep: (event: StepEvent) => void;
}

export interface Outcome {
  readonly done: number;
  readonly failed: readonly { readonly step: Step; readonly error: unknown }[];
  /** Never started: something they wait for failed, or the signal was aborted first. In the plan's order. */
  readonly skipped: readonly Step[];
}

/**
 * Carries a plan out. Decides nothing: a step starts once all it waits for are done, in the plan's order where several
 * could. What a handler throws fails its step and skips those that wait for it; the others go on.
 *
 * Throws before anything is run: `internal` where the steps are no graph, the first problem's code where the plan has
 * problems.
 */
export async function execute(plan: Plan, handlers: Handlers, options: ExecuteOptions): Promise<Outcome> {
  refuseProblems(plan);
  const { steps } = plan;
  const { signal, onStep } = options;
  const { dependents, waiting } = graphOf(steps);
  const left = [...waiting];
  const untouched = new Set(steps);
  const failed: { step: Step; error: unknown }[] = [];
  const queue = new PQueue({ concurrency: options.concurrency });
  const unexpected: unknown[] = [];

  const run = async (position: number): Promise<void> => {
    const step = steps[position];
    if (step === undefined || signal.aborted) return;
    untouched.delete(step);
    const began = performance.now();
    onStep({ step, state: "started" });
    try {
      await dispatch(handlers, step.action, signal);
    } catch (error) {
      failed.push({ step, error });
      onStep({ step, state: "failed", ms: performance.now() - began, error });
      return;
    }
    onStep({ step, state: "done", ms: performance.now() - began });
    for (const dependent of dependents[position] ?? []) {
      const remaining = (left[dependent] ?? 0) - 1;
      left[dependent] = remaining;
      if (remaining === 0) enqueue(dependent);
    }
  };
  const enqueue = (position: number): void => {
    queue.add(() => run(position)).catch((error: unknown) => unexpected.push(error));
  };

  for (const [position, count] of waiting.entries()) if (count === 0) enqueue(position);
  await queue.onIdle();
  if (unexpected.length > 0)
    throw new GantryError("internal", "a listener of the executor threw", { cause: unexpected[0] });
  return { done: steps.length - failed.length - untouched.size, failed, skipped: [...untouched] };
}

function refuseProblems({ problems }: Plan): void {
  const [first] = problems;
  if (first === undefined) return;
  throw new GantryError(first.code, problems.map((problem) => problem.message).join("\n"), {
    next: first.next,
  });
}

/** The one place where a kind meets its handler. `async`, so that a handler that throws at once fails like any other. */
async function dispatch<K extends ActionKind>(
  handlers: Handlers,
  action: Action<K>,
  signal: AbortSignal,
): Promise<void> {
  const handler: Handlers[K] = handlers[action.kind];
  await handler(action, signal);
}
