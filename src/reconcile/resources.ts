import type { Snapshot } from "../observe/snapshot.ts";
import type { Desired } from "./desired.ts";
import type { Problem, Step } from "./action.ts";
import { volumeLabels } from "./labels.ts";
import { byText } from "./order.ts";
import { own } from "./own.ts";
import type { Target } from "./target.ts";

export const volumeKey = (name: string): string => `create-volume ${name}`;
export const importKey = (reference: string): string => `import-image ${reference}`;

/** Creates the declared volumes that are missing; a missing external one is a problem. */
export function volumeSteps(
  desired: Desired,
  snapshot: Snapshot,
  after: readonly string[],
): { steps: Step[]; problems: Problem[] } {
  const existing = new Set(snapshot.volumes);
  const steps: Step[] = [];
  const problems: Problem[] = [];
  const declared = Object.entries(desired.project.volumes).sort(([a], [b]) => byText(a, b));
  for (const [key, { name, external, labels }] of declared) {
    // Two entries may mean one volume; the first makes it.
    if (existing.has(name)) continue;
    existing.add(name);
    const subject = `volume ${name}`;
    if (external) {
      const message = `${subject} is declared external, and there is no such volume on this machine`;
      problems.push({
        code: "conflict",
        subject,
        message,
        next: `create it first, or drop external from ${key}`,
      });
      continue;
    }
    steps.push({
      key: volumeKey(name),
      action: { kind: "create-volume", name, labels: { ...labels, ...volumeLabels(desired.project, key) } },
      subject,
      cause: "not there",
      after,
    });
  }
  return { steps, problems };
}

/** Imports the images that services use, that are not here, and that the file says how to get. */
export function importSteps(desired: Desired, targets: readonly Target[], after: readonly string[]): Step[] {
  const missing = targets
    .filter((target) => target.imageId === undefined)
    .map((target) => target.service.image);
  return [...new Set(missing)].sort(byText).flatMap((reference) => {
    const source = own(desired.project.images, reference);
    if (source === undefined) return [];
    const action = { kind: "import-image", reference, file: source.importFrom } as const;
    const cause = `not there, the file imports it from ${source.importFrom}`;
    return [{ key: importKey(reference), action, subject: `image ${reference}`, cause, after }];
  });
}
