import type { ObservedContainer } from "../observe/snapshot.ts";
import { changedFields, fitsInPlace, type Field } from "./fingerprint.ts";
import { groupBy } from "./group.ts";
import { byText } from "./order.ts";
import { ailingVerdict, restartVerdict, succeeded } from "./restart.ts";
import type { Target } from "./target.ts";

/**
 * The buckets. Every replica that is wanted and every container that exists falls into exactly one; what is done
 * about it follows from the bucket alone.
 */
export type Replica =
  /** Wanted, and no container has its number. */
  | { readonly bucket: "missing"; readonly number: number }
  /** As wanted. */
  | { readonly bucket: "equal"; readonly container: ObservedContainer }
  /** Differs only in what a process need not notice. `revive`: it is dead, and the change is a reason to try again. */
  | {
      readonly bucket: "outdated-in-place";
      readonly container: ObservedContainer;
      readonly fields: readonly Field[];
      readonly revive: boolean;
    }
  /** Differs in what only a new container can have. */
  | { readonly bucket: "outdated"; readonly container: ObservedContainer; readonly fields: readonly Field[] }
  /** Not running, and to be started now: the restart policy wants it, or somebody asked by hand. */
  | { readonly bucket: "dead"; readonly container: ObservedContainer; readonly failures: number }
  /** Runs, and its `live` or `startup` probe says that it should be started anew, now. */
  | { readonly bucket: "ailing"; readonly container: ObservedContainer; readonly failures: number }
  /** Not running, and the restart policy wants it back later; or ailing, and to be restarted later. */
  | { readonly bucket: "backing-off"; readonly container: ObservedContainer; readonly until: number }
  /** Not running, and the restart policy leaves it so. */
  | { readonly bucket: "given-up"; readonly container: ObservedContainer }
  /** Not running (or about to stop), as somebody asked by hand. */
  | { readonly bucket: "resting"; readonly container: ObservedContainer }
  /** Runs, though its service was stopped by hand. */
  | { readonly bucket: "to-be-stopped"; readonly container: ObservedContainer }
  /** Its number is above the replica count. */
  | { readonly bucket: "surplus"; readonly container: ObservedContainer }
  /** A better container with the same number exists: a replacement was cut short. */
  | { readonly bucket: "duplicate"; readonly container: ObservedContainer };

/** `now` in ms since the epoch; `again`: somebody asks for the service by hand just now (PlanInput.again). */
export interface Moment {
  readonly now: number;
  readonly again: boolean;
}

/**
 * Sorts one service's replicas into buckets: the wanted ones by number, then duplicates, then the surplus.
 * `containers` are those of the service.
 */
export function classify(
  target: Target,
  containers: readonly ObservedContainer[],
  moment: Moment,
): Replica[] {
  const byNumber = groupBy(containers, (container) => numberOf(container));
  const wanted: Replica[] = [];
  const duplicates: Replica[] = [];
  for (let number = 1; number <= target.replicas; number++) {
    const candidates = byNumber.get(number) ?? [];
    const [best, ...others] = candidates.length > 1 ? bestFirst(target, candidates) : candidates;
    if (best === undefined) {
      if (!target.stopped) wanted.push({ bucket: "missing", number });
      continue;
    }
    wanted.push(classifyWanted(target, best, moment));
    duplicates.push(...others.map((container): Replica => ({ bucket: "duplicate", container })));
  }
  return [...wanted, ...duplicates, ...surplus(target, containers)];
}

/** The fields, the image among them, in which a container differs from its target. */
export function differences(target: Target, container: ObservedContainer): Field[] {
  const fields = changedFields(container.fingerprint, target.fingerprint);
  // While the image is not here, only its name can be compared.
  const imageChanged =
    target.imageId === undefined
      ? container.config.image !== target.service.image
      : container.imageId !== target.imageId;
  return imageChanged ? ["image", ...fields] : fields;
}

function classifyWanted(target: Target, container: ObservedContainer, { now, again }: Moment): Replica {
  const running = container.state === "running";
  if (target.stopped && running) return { bucket: "to-be-stopped", container };
  if (target.stopped || (container.stoppedByUser && !again)) return { bucket: "resting", container };

  const fields = differences(target, container);
  const replaces = fields.length > 0 && !fitsInPlace(fields);
  if (replaces && !target.paused) return { bucket: "outdated", container, fields };
  if (fields.length > 0 && !replaces) {
    return {
      bucket: "outdated-in-place",
      container,
      fields,
      revive: !running && (container.stoppedByUser || worthReviving(target, container)),
    };
  }
  if (running) return classifyRunning(container, now);

  if (again && (container.stoppedByUser || !succeeded(container)))
    return { bucket: "dead", container, failures: 0 };
  const verdict = restartVerdict(container, target.service.restart, now);
  if (verdict.kind === "start") return { bucket: "dead", container, failures: verdict.failures };
  if (verdict.kind === "wait") return { bucket: "backing-off", container, until: verdict.until };
  return { bucket: "given-up", container };
}

function classifyRunning(container: ObservedContainer, now: number): Replica {
  const verdict = ailingVerdict(container, now);
  if (verdict?.kind === "start") return { bucket: "ailing", container, failures: verdict.failures };
  if (verdict?.kind === "wait") return { bucket: "backing-off", container, until: verdict.until };
  return { bucket: "equal", container };
}

/** A changed limit may be the very cure, so a failed container gets a new chance; a job that is done stays done. */
function worthReviving(target: Target, container: ObservedContainer): boolean {
  const { name } = target.service.restart;
  return !succeeded(container) || name === "always" || name === "unless-stopped";
}

function surplus(target: Target, containers: readonly ObservedContainer[]): Replica[] {
  return containers
    .filter((container) => !isWanted(target, numberOf(container)))
    .map((container) => ({ bucket: "surplus", container }));
}

/** Of containers with the same number, the one to keep: needs no change, runs, is newest. */
function bestFirst(target: Target, candidates: readonly ObservedContainer[]): ObservedContainer[] {
  const cost = (container: ObservedContainer): number => {
    const fields = differences(target, container);
    if (fields.length === 0) return 0;
    return fitsInPlace(fields) ? 1 : 2;
  };
  return candidates.toSorted(
    (a, b) =>
      cost(a) - cost(b) ||
      Number(b.state === "running") - Number(a.state === "running") ||
      b.createdAt - a.createdAt ||
      byText(a.id, b.id),
  );
}

function isWanted(target: Target, number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= target.replicas;
}

/** The highest replica number of these containers, 0 for none. */
export function highestNumber(containers: readonly ObservedContainer[]): number {
  return containers.reduce((highest, container) => Math.max(highest, numberOf(container)), 0);
}

function numberOf(container: ObservedContainer): number {
  return container.owner?.number ?? 0;
}
