import { GantryError } from "../error.ts";
import type { Step } from "../reconcile/action.ts";

/** A plan's steps with their dependencies turned round, by position in the plan. */
export interface Graph {
  /** For each step, the steps that wait for it, in the plan's order. */
  readonly dependents: readonly (readonly number[])[];
  /** For each step, how many it waits for. */
  readonly waiting: readonly number[];
}

/** Checks and indexes a plan in O(steps + edges). Throws `internal` for a key used twice, an unknown key, or a cycle. */
export function graphOf(steps: readonly Step[]): Graph {
  const positions = new Map<string, number>();
  for (const [position, step] of steps.entries()) {
    if (positions.has(step.key)) throw wrong(`two steps have the key "${step.key}"`);
    positions.set(step.key, position);
  }
  const dependents: number[][] = steps.map(() => []);
  const waiting = steps.map((step, position) => {
    const prerequisites = new Set(step.after);
    for (const key of prerequisites) {
      const prerequisite = positions.get(key);
      if (prerequisite === undefined)
        throw wrong(`"${step.key}" waits for "${key}", which is not in the plan`);
      dependents[prerequisite]?.push(position);
    }
    return prerequisites.size;
  });
  const graph = { dependents, waiting };
  refuseCycles(steps, graph);
  return graph;
}

/** Kahn's algorithm: what can never be reached lies on a cycle, or behind one. */
function refuseCycles(steps: readonly Step[], { dependents, waiting }: Graph): void {
  const left = [...waiting];
  const ready = [...left.keys()].filter((position) => left[position] === 0);
  for (let position = ready.pop(); position !== undefined; position = ready.pop()) {
    for (const dependent of dependents[position] ?? []) {
      const remaining = (left[dependent] ?? 0) - 1;
      left[dependent] = remaining;
      if (remaining === 0) ready.push(dependent);
    }
  }
  const stuck = left.findIndex((count) => count > 0);
  if (stuck !== -1) throw wrong(`"${steps[stuck]?.key ?? ""}" waits for itself by way of others`);
}

function wrong(what: string): GantryError {
  return new GantryError("internal", `the plan is wrong: ${what}`, {
    next: "report this as a defect of gantry",
  });
}
