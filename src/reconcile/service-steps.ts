import type { ObservedContainer } from "../observe/snapshot.ts";
import type { Step } from "./action.ts";
import { highestNumber, type Replica } from "./classify.ts";
import {
  createStep,
  recoverStep,
  startStep,
  stopStep,
  updateSteps,
  type ServiceContext,
} from "./container-steps.ts";
import { removeStep, removeSteps } from "./remove-steps.ts";
import { replaceSteps } from "./replace-steps.ts";

/** The steps that follow from one service's buckets, in the same order; replacements come last but for removals. */
export function serviceSteps(
  context: ServiceContext,
  replicas: readonly Replica[],
  containers: readonly ObservedContainer[],
): Step[] {
  const steps: Step[] = [];
  const duplicates: Step[] = [];
  const surplus: ObservedContainer[] = [];
  const outdated: Extract<Replica, { bucket: "outdated" }>[] = [];
  const highest = highestNumber(containers);
  for (const replica of replicas) {
    switch (replica.bucket) {
      case "missing":
        steps.push(createStep(context, replica.number, highest));
        break;
      case "outdated-in-place":
        steps.push(...updateSteps(context, replica));
        break;
      case "outdated":
        outdated.push(replica);
        break;
      case "dead":
        steps.push(startStep(context, replica.container, replica.failures));
        break;
      case "ailing":
        steps.push(recoverStep(context, replica.container, replica.failures));
        break;
      case "to-be-stopped":
        steps.push(stopStep(context, replica.container));
        break;
      case "surplus":
        surplus.push(replica.container);
        break;
      case "duplicate": {
        const cause = "another container took its place";
        duplicates.push(removeStep(replica.container, cause, context.after, replica.container.id));
        break;
      }
      case "equal":
      case "backing-off":
      case "given-up":
      case "resting":
        break;
    }
  }
  const shrunk = `replicas ${highest} -> ${context.target.replicas}`;
  return [
    ...steps,
    ...replaceSteps(context, outdated),
    ...duplicates,
    ...removeSteps(surplus, shrunk, context.after),
  ];
}
