import type { Step } from "./action.ts";

/**
 * The same steps, each after those of them that it waits for, and otherwise as they were. Steps that wait for each
 * other in a circle are left where they are: the executor refuses such a plan.
 */
export function topological(steps: readonly Step[]): Step[] {
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const placed = new Set<Step>();
  const result: Step[] = [];
  for (const first of steps) {
    const stack = [first];
    while (stack.length > 0) {
      const step = stack.at(-1);
      if (step === undefined) break;
      const missing = placed.has(step)
        ? undefined
        : step.after
            .map((key) => byKey.get(key))
            .find((other) => other !== undefined && !placed.has(other) && !stack.includes(other));
      if (missing !== undefined) stack.push(missing);
      else {
        stack.pop();
        if (!placed.has(step)) result.push(step);
        placed.add(step);
      }
    }
  }
  return result;
}
