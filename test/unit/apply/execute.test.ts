import { describe, expect, test } from "vitest";
import { execute, type Handlers, type StepEvent } from "../../../src/apply/execute.ts";
import { graphOf } from "../../../src/apply/graph.ts";
import type { Plan, Problem, Step } from "../../../src/reconcile/action.ts";

/** A step that starts the container of the same name, after others. */
function step(key: string, ...after: string[]): Step {
  return { key, action: { kind: "start", id: key, failures: 0 }, subject: key, cause: "test", after };
}

function planOf(steps: readonly Step[], problems: readonly Problem[] = []): Plan {
  return { steps, later: [], problems, wakeAt: null };
}

function unused(): Promise<void> {
  return Promise.reject(new Error("not planned"));
}

function throwing(): never {
  throw new Error("listener");
}

/** Handlers of which only `start` is ever called. */
function onStart(start: Handlers["start"]): Handlers {
  return {
    "create-network": unused,
    "remove-network": unused,
    "create-volume": unused,
    "remove-volume": unused,
    "import-image": unused,
    "pull-image": unused,
    publish: unused,
    create: unused,
    start,
    restart: unused,
    update: unused,
    stop: unused,
    remove: unused,
    schedule: unused,
    reschedule: unused,
    replace: unused,
  };
}

interface Options {
  concurrency?: number;
  signal?: AbortSignal;
  onStep?: (event: StepEvent) => void;
}

function options(changes: Options = {}) {
  return { concurrency: 8, signal: new AbortController().signal, onStep: () => undefined, ...changes };
}

function unopened(): void {}

/** A promise and the function that resolves it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = unopened;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe("the order of execution", () => {
  test("a step starts when all that it waits for is done", async () => {
    const log: string[] = [];
    const plan = planOf([step("d", "b", "c"), step("b", "a"), step("c", "a"), step("a")]);
    const outcome = await execute(
      plan,
      onStart(() => Promise.resolve()),
      {
        ...options(),
        onStep: ({ step: { key }, state }) => log.push(`${key} ${state}`),
      },
    );
    expect(outcome).toEqual({ done: 4, failed: [], skipped: [] });
    expect(log.slice(0, 2)).toEqual(["a started", "a done"]);
    expect(log.indexOf("d started")).toBeGreaterThan(log.indexOf("b done"));
    expect(log.indexOf("d started")).toBeGreaterThan(log.indexOf("c done"));
  });

  test("steps that do not wait for each other run side by side, up to the limit and no further", async () => {
    const { opened, open } = gate();
    let running = 0;
    let most = 0;
    const steps = Array.from({ length: 10 }, (_, index) => step(`s${index}`));
    const outcome = await execute(
      planOf(steps),
      onStart(async () => {
        running += 1;
        most = Math.max(most, running);
        if (running === 3) open();
        await opened;
        running -= 1;
      }),
      options({ concurrency: 3 }),
    );
    expect(outcome.done).toBe(10);
    expect(most).toBe(3);
  });

  test("steps that could start together do so in the plan's order", async () => {
    const started: string[] = [];
    await execute(
      planOf([step("web.3"), step("web.2"), step("web.1")]),
      onStart(({ id }) => {
        started.push(id);
        return Promise.resolve();
      }),
      options({ concurrency: 1 }),
    );
    expect(started).toEqual(["web.3", "web.2", "web.1"]);
  });

  test("a thousand creates and a chain of a thousand both finish", async () => {
    const wide = Array.from({ length: 1_000 }, (_, index) => step(`wide ${index}`));
    const deep = Array.from({ length: 1_000 }, (_, index) =>
      index === 0 ? step("deep 0") : step(`deep ${index}`, `deep ${index - 1}`),
    );
    const outcome = await execute(
      planOf([...wide, ...deep]),
      onStart(() => Promise.resolve()),
      options(),
    );
    expect(outcome).toEqual({ done: 2_000, failed: [], skipped: [] });
  });

  test("an empty plan is done at once", async () => {
    expect(
      await execute(
        planOf([]),
        onStart(() => Promise.resolve()),
        options(),
      ),
    ).toEqual({
      done: 0,
      failed: [],
      skipped: [],
    });
  });
});

describe("a step that fails", () => {
  const plan = planOf([step("a"), step("b", "a"), step("c", "b"), step("d")]);
  const error = new Error("no");

  test.each<[string, Handlers["start"]]>([
    ["by rejecting", ({ id }) => (id === "a" ? Promise.reject(error) : Promise.resolve())],
    [
      "by throwing at once",
      ({ id }) => {
        if (id === "a") throw error;
        return Promise.resolve();
      },
    ],
  ])("%s skips all that wait for it, and the others go on", async (_, start) => {
    const events: StepEvent[] = [];
    const outcome = await execute(plan, onStart(start), options({ onStep: (event) => events.push(event) }));
    expect(outcome).toEqual({
      done: 1,
      failed: [{ step: plan.steps[0], error }],
      skipped: [plan.steps[1], plan.steps[2]],
    });
    const failure = events.find((event) => event.state === "failed");
    expect(failure).toMatchObject({ step: { key: "a" }, error });
    expect(failure?.ms).toBeGreaterThanOrEqual(0);
  });
});

describe("abort", () => {
  test("starts nothing more, and waits for what runs", async () => {
    const controller = new AbortController();
    const plan = planOf([step("a"), step("b"), step("c", "a")]);
    let finished = false;
    const outcome = await execute(
      plan,
      onStart(async (_, signal) => {
        expect(signal).toBe(controller.signal);
        controller.abort();
        await new Promise((resolve) => setImmediate(resolve));
        finished = true;
      }),
      options({ concurrency: 1, signal: controller.signal }),
    );
    expect(finished).toBe(true);
    expect(outcome).toEqual({ done: 1, failed: [], skipped: [plan.steps[1], plan.steps[2]] });
  });

  test("before the first step runs nothing", async () => {
    const plan = planOf([step("a")]);
    const handlers = onStart(() => Promise.reject(new Error("was run")));
    const outcome = await execute(plan, handlers, options({ signal: AbortSignal.abort() }));
    expect(outcome).toEqual({ done: 0, failed: [], skipped: plan.steps });
  });
});

describe("before anything is run, execute refuses", () => {
  const refused = onStart(() => Promise.reject(new Error("was run")));

  test.each<[string, Step[], string]>([
    ["a key used twice", [step("a"), step("a")], 'two steps have the key "a"'],
    ["a key that is not there", [step("z"), step("a", "b")], '"a" waits for "b", which is not in the plan'],
    ["a step that waits for itself", [step("a", "a")], '"a" waits for itself'],
    [
      "a cycle",
      [step("z"), step("a", "c"), step("b", "a"), step("c", "b")],
      "waits for itself by way of others",
    ],
  ])("%s", async (_, steps, message) => {
    const events: StepEvent[] = [];
    const result = execute(planOf(steps), refused, options({ onStep: (event) => events.push(event) }));
    await expect(result).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining(message) as string,
    });
    expect(events).toEqual([]);
  });

  test("a plan with problems, by the first one's code and with all their messages", async () => {
    const problems: Problem[] = [
      { code: "port.taken", subject: "port 1", message: "port 1 is taken", next: "take another" },
      { code: "conflict", subject: "web.1", message: "the name is taken", next: "remove it" },
    ];
    await expect(execute(planOf([step("a")], problems), refused, options())).rejects.toMatchObject({
      code: "port.taken",
      message: "port 1 is taken\nthe name is taken",
      next: "take another",
    });
  });
});

test("a prerequisite named twice counts once", () => {
  expect(graphOf([step("a"), step("b", "a", "a")])).toEqual({ dependents: [[1], []], waiting: [0, 1] });
});

test("a listener that throws is reported as a defect", async () => {
  const result = execute(
    planOf([step("a")]),
    onStart(() => Promise.resolve()),
    options({ onStep: throwing }),
  );
  await expect(result).rejects.toMatchObject({ code: "internal", cause: { message: "listener" } });
});
