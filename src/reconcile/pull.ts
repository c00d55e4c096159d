import type { Snapshot } from "../observe/snapshot.ts";
import type { Desired } from "./desired.ts";
import type { Step } from "./action.ts";
import { byText } from "./order.ts";
import { own } from "./own.ts";
import type { Target } from "./target.ts";

export const pullKey = (reference: string): string => `pull-image ${reference}`;

/**
 * Pulls of images that services use: of those that are not here, and of those that are and whose pull_policy says so now
 * that somebody asks by hand (`again`). Not of what the file imports, and never what must not be pulled.
 */
export function pullSteps(
  desired: Desired,
  targets: readonly Target[],
  {
    snapshot,
    now,
    again,
    after,
  }: {
    readonly snapshot: Snapshot;
    readonly now: number;
    readonly again: readonly string[];
    readonly after: readonly string[];
  },
): Step[] {
  const causes = new Map<string, { readonly cause: string; readonly refresh: boolean }>();
  for (const { name, service, pinned, imageId } of targets) {
    const { image, pullPolicy } = service;
    if (pinned || own(desired.project.images, image) !== undefined) continue;
    if (pullPolicy === "never" || pullPolicy === "build" || image === "host") continue;
    if (imageId === undefined) causes.set(image, { cause: "not on this machine", refresh: false });
    else if (again.includes(name) && !causes.has(image)) {
      const cause = outdated(pullPolicy, own(snapshot.imagesCheckedAt, image), now);
      if (cause !== undefined) causes.set(image, { cause, refresh: true });
    }
  }
  return [...causes]
    .sort(([a], [b]) => byText(a, b))
    .map(([reference, { cause, refresh }]) => ({
      key: pullKey(reference),
      action: { kind: "pull-image", reference, refresh },
      subject: `image ${reference}`,
      cause,
      after,
    }));
}

/** Why an image that is here is pulled; undefined when it is not. */
function outdated(
  policy: Target["service"]["pullPolicy"],
  checkedAt: number | undefined,
  now: number,
): string | undefined {
  if (policy === "always") return "pull_policy: always";
  if (typeof policy !== "number" || now - (checkedAt ?? 0) < policy) return undefined;
  return "pull_policy: the last pull is too long ago";
}

/** Without the pulls of missing images that no other step waits for: containers that exist need none. */
export function neededPulls(pulls: readonly Step[], others: readonly Step[]): Step[] {
  const awaited = new Set(others.flatMap(({ after }) => after));
  return pulls.filter(
    ({ key, action }) => (action.kind === "pull-image" && action.refresh) || awaited.has(key),
  );
}
