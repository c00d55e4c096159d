import type { ObservedContainer } from "../observe/snapshot.ts";
import type { ContainerOwner } from "../runtime/container.ts";
import type { Action, Step } from "./action.ts";
import { changeText } from "./change.ts";
import type { Replica } from "./classify.ts";
import { startText } from "./ending.ts";
import type { Field } from "./fingerprint.ts";
import { replicaName } from "./replica.ts";
import type { Target } from "./target.ts";

/** What the steps of one service have in common. */
export interface ServiceContext {
  readonly project: string;
  readonly target: Target;
  /** Keys of steps that come before anything is done to a container. */
  readonly after: readonly string[];
  /** Keys of steps that bring what a new container needs: image and volumes. */
  readonly needs: readonly string[];
}

/** `web.3`. */
export function subjectOf(container: ObservedContainer): string {
  const { owner } = container;
  return owner === undefined ? container.name : `${owner.service}.${owner.number}`;
}

export function createStep(context: ServiceContext, number: number, highest: number): Step {
  const { target, after, needs } = context;
  const grown = highest > 0 && number > highest;
  const subject = `${target.name}.${number}`;
  return {
    key: `create ${subject}`,
    action: { kind: "create", ...blueprint(context, number) },
    subject,
    cause: grown ? `replicas ${highest} -> ${target.replicas}` : "not there",
    after: [...after, ...needs],
  };
}

/** What `create` and `replace` make a container from. */
export function blueprint(
  { project, target }: ServiceContext,
  number: number,
): Omit<Action<"create">, "kind"> {
  const owner: ContainerOwner = { project, service: target.name, number };
  return {
    name: target.service.containerName ?? replicaName(project, target.name, number),
    owner,
    config: target.config(number),
    ...(target.imageId !== undefined && { imageId: target.imageId }),
    fingerprint: target.fingerprint,
  };
}

export function updateSteps(
  context: ServiceContext,
  { container, fields, revive }: Extract<Replica, { bucket: "outdated-in-place" }>,
): Step[] {
  const subject = subjectOf(container);
  const config = context.target.config(container.owner?.number ?? 0);
  const cause = changes(context.target, container, fields);
  const update: Step = {
    key: `update ${subject}`,
    // The image is the one it was made from, whether its name still leads there or not.
    action: {
      kind: "update",
      id: container.id,
      config,
      fingerprint: { ...context.target.fingerprint, image: container.imageId },
      fields,
    },
    subject,
    cause,
    after: context.after,
  };
  if (!revive) return [update];
  return [
    update,
    {
      key: `start ${subject}`,
      action: { kind: "start", id: container.id, failures: 0 },
      subject,
      cause: `tried again: ${cause}`,
      after: [update.key],
    },
  ];
}

export function startStep(
  { target, after }: ServiceContext,
  container: ObservedContainer,
  failures: number,
): Step {
  const subject = subjectOf(container);
  return {
    key: `start ${subject}`,
    action: { kind: "start", id: container.id, failures },
    subject,
    cause: startText(container, target.service.restart, failures),
    after,
  };
}

/** Starts a running container anew that has not answered its `live` or `startup` probe. */
export function recoverStep({ after }: ServiceContext, container: ObservedContainer, failures: number): Step {
  const subject = subjectOf(container);
  const { id, config, health } = container;
  const reason = health?.ailing?.reason ?? "it does not answer";
  return {
    key: `restart ${subject}`,
    action: { kind: "restart", id, graceMs: config.stopGraceMs, failures },
    subject,
    cause: `${reason} (attempt ${failures})`,
    after,
  };
}

export function stopStep({ after }: ServiceContext, container: ObservedContainer): Step {
  const subject = subjectOf(container);
  const { id, config } = container;
  return {
    key: `stop ${subject}`,
    action: { kind: "stop", id, graceMs: config.stopGraceMs },
    subject,
    cause: "its service was stopped by hand",
    after,
  };
}

/** What differs, in words. */
export function changes(target: Target, container: ObservedContainer, fields: readonly Field[]): string {
  const before = { config: container.config, imageId: container.imageId };
  const after = { config: target.config(container.owner?.number ?? 0), imageId: target.imageId };
  return changeText(fields, before, after);
}
