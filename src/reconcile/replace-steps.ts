import type { ObservedContainer } from "../observe/snapshot.ts";
import type { ContainerMount } from "../runtime/container.ts";
import type { Step } from "./action.ts";
import type { Replica } from "./classify.ts";
import { own } from "./own.ts";
import { blueprint, changes, subjectOf, type ServiceContext } from "./container-steps.ts";

/**
 * One after another, or as many at once as the file says, so that a bad configuration costs one replica at most. What does not run goes first: there is
 * nothing to lose.
 */
export function replaceSteps(
  context: ServiceContext,
  outdated: readonly Extract<Replica, { bucket: "outdated" }>[],
): Step[] {
  const inOrder = outdated.toSorted(
    (a, b) =>
      Number(runs(a.container)) - Number(runs(b.container)) ||
      failures(context, a.container) - failures(context, b.container),
  );
  const steps: Step[] = [];
  const { parallelism = 1, delayMs, monitorMs, order } = context.target.service.rollout ?? {};
  for (const { container, fields } of inOrder) {
    const subject = subjectOf(container);
    const previous = parallelism === 0 ? undefined : steps.at(-parallelism);
    const made = blueprint(context, container.owner?.number ?? 0);
    steps.push({
      key: `replace ${subject}`,
      action: {
        kind: "replace",
        id: container.id,
        order: replaceOrder(container, made.config.mounts, order),
        ran: runs(container),
        graceMs: container.config.stopGraceMs,
        ...(monitorMs !== undefined && { monitorMs }),
        ...(delayMs !== undefined && { delayMs }),
        ...made,
      },
      subject,
      cause: changes(context.target, container, fields),
      after: previous === undefined ? [...context.after, ...context.needs] : [previous.key],
    });
  }
  return steps;
}

/** Those that failed before come last, so that they do not keep the others back where the file says `continue`. */
function failures({ target }: ServiceContext, container: ObservedContainer): number {
  return own(target.attempts, subjectOf(container)) ?? 0;
}

/** The new one starts first unless both would write to the same place; where nothing runs there is no downtime to avoid. */
function replaceOrder(
  container: ObservedContainer,
  mounts: readonly ContainerMount[],
  asked: "start-first" | "stop-first" | undefined,
): "start-first" | "stop-first" {
  if (!runs(container) || asked === "stop-first") return "stop-first";
  return [...container.config.mounts, ...mounts].some((mount) => sharesWrites(mount))
    ? "stop-first"
    : "start-first";
}

function runs(container: ObservedContainer): boolean {
  return container.state === "running";
}

function sharesWrites(mount: ContainerMount): boolean {
  // A tmpfs and an anonymous volume are each container's own.
  return mount.type !== "tmpfs" && !mount.readOnly && mount.source !== undefined;
}
