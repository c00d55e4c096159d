import type { ObservedContainer } from "../observe/snapshot.ts";
import { makesContainer, type Problem, type Step } from "./action.ts";

/** A problem for each container that a plan would make under a name which a container of somebody else's holds. */
export function nameProblems(steps: readonly Step[], others: readonly ObservedContainer[]): Problem[] {
  const holders = new Map(others.map((container) => [container.name, container]));
  return steps.flatMap(({ action, subject }): Problem[] => {
    if (!makesContainer(action)) return [];
    const holder = holders.get(action.name);
    if (holder === undefined) return [];
    const whose = holder.owner === undefined ? "no project" : `project ${holder.owner.project}`;
    const message = `the name ${action.name} is taken by a container that belongs to ${whose}`;
    return [{ code: "conflict", subject, message, next: `try: gantry rm -f ${action.name}` }];
  });
}
