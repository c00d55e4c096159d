import type { Project, Rollout, Service } from "../spec/project.ts";
import type { Desired } from "./desired.ts";
import { own } from "./own.ts";

/** What became of a service whose new replicas did not become ready. */
export type Setback =
  | {
      /** What it is goes on as it was before, though the file says otherwise. */
      readonly kind: "rollback";
      readonly reason: string;
      /** Where what it went back to was applied. */
      readonly revision: number;
      readonly service: Service;
      /** Undefined where it is not known; then its name decides. */
      readonly imageId?: string;
      /** What its definition may refer to. */
      readonly around: Pick<Project, "networks" | "volumes" | "images">;
    }
  | {
      /** What runs stays as it is, old and new, until the next apply. */
      readonly kind: "pause";
      readonly reason: string;
    };

/** By service. */
export type Setbacks = Readonly<Record<string, Setback>>;

/** What a project should be, once those of its services that were set back are as they were. */
export function withSetbacks(desired: Desired, setbacks: Setbacks): Desired {
  const { project, pins = {} } = desired;
  const services: Record<string, Service> = { ...project.services };
  const pinned: Record<string, string> = { ...pins };
  let around: Pick<Project, "networks" | "volumes" | "images"> = {
    ...(project.networks === undefined ? {} : { networks: project.networks }),
    volumes: project.volumes,
    images: project.images,
  };
  const paused: string[] = [];
  for (const [name, setback] of Object.entries(setbacks)) {
    const current = own(services, name);
    if (current === undefined) continue;
    if (setback.kind === "pause") {
      paused.push(name);
      continue;
    }
    services[name] = before(setback.service, current, project);
    if (setback.imageId !== undefined) pinned[name] = setback.imageId;
    const networks = { ...setback.around.networks, ...around.networks };
    around = {
      ...(Object.keys(networks).length === 0 ? {} : { networks }),
      volumes: { ...setback.around.volumes, ...around.volumes },
      images: { ...setback.around.images, ...around.images },
    };
  }
  return { ...desired, project: { ...project, ...around, services }, pins: pinned, paused };
}

/** The definition of before, replaced as `rollback_config` has it, and only after services that there still are. */
function before(service: Service, { rollback }: Service, project: Project): Service {
  const { rollout: _, dependsOn, ...rest } = service;
  const kept = Object.entries(dependsOn ?? {}).filter(([name]) => Object.hasOwn(project.services, name));
  return {
    ...rest,
    ...(kept.length === 0 ? {} : { dependsOn: Object.fromEntries(kept) }),
    ...(rollback === undefined ? {} : { rollout: rollback }),
  };
}

/** What a failed replacement calls for. */
export type Verdict = "try again" | "pause" | "rollback";

/**
 * What to do once replicas of a service did not become ready: nothing special while no more than `max_failure_ratio` of
 * them failed, or where the file says `continue`; else what the file says, and `rollback` where it says nothing.
 */
export function judgeFailures(rollout: Rollout | undefined, failed: number, replicas: number): Verdict {
  const { failureAction = "rollback", maxFailureRatio = 0 } = rollout ?? {};
  if (failureAction === "continue" || failed <= maxFailureRatio * replicas) return "try again";
  return failureAction;
}
