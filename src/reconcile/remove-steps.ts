import type { ObservedContainer } from "../observe/snapshot.ts";
import type { Step } from "./action.ts";
import { subjectOf } from "./container-steps.ts";
import { byText } from "./order.ts";

/** `distinction` keeps apart the keys of several containers of one replica number. */
export function removeStep(
  container: ObservedContainer,
  cause: string,
  after: readonly string[],
  distinction?: string,
): Step {
  const subject = subjectOf(container);
  const { id, config } = container;
  return {
    key: distinction === undefined ? `remove ${subject}` : `remove ${subject} ${distinction}`,
    action: { kind: "remove", id, graceMs: config.stopGraceMs },
    subject,
    cause,
    after,
  };
}

/** Removes containers, the last service and the highest number first; several may have one replica number. */
export function removeSteps(
  containers: readonly ObservedContainer[],
  cause: string,
  after: readonly string[],
): Step[] {
  const subjects = new Set<string>();
  return containers.toSorted(lastFirst).map((container) => {
    const subject = subjectOf(container);
    const again = subjects.has(subject);
    subjects.add(subject);
    return removeStep(container, cause, after, again ? container.id : undefined);
  });
}

function lastFirst(a: ObservedContainer, b: ObservedContainer): number {
  const byService = byText(b.owner?.service ?? "", a.owner?.service ?? "");
  return byService || (b.owner?.number ?? 0) - (a.owner?.number ?? 0) || byText(a.id, b.id);
}
