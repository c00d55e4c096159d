import type { Snapshot } from "../observe/snapshot.ts";
import type { ContainerConfig } from "../runtime/container.ts";
import type { Service } from "../spec/project.ts";
import type { Desired } from "./desired.ts";
import { byText } from "./order.ts";
import { own } from "./own.ts";
import { replicaTemplate } from "./replica.ts";

/** What one service should look like, worked out once for all of its replicas. */
export interface Target {
  readonly name: string;
  readonly service: Service;
  readonly replicas: number;
  /** Stopped by hand. */
  readonly stopped: boolean;
  /** Its outdated replicas stay as they are for now. */
  readonly paused: boolean;
  /** How often replacements failed, by subject. */
  readonly attempts: Readonly<Record<string, number>>;
  /** Its image is the one of an earlier revision, whatever the name stands for by now. */
  readonly pinned: boolean;
  /** undefined while the image is not on this machine. */
  readonly imageId: string | undefined;
  /** By field; without the image while its id is unknown. */
  readonly fingerprint: Readonly<Record<string, string>>;
  readonly config: (number: number) => ContainerConfig;
}

/** One target per service, sorted by name. */
export function targetsOf(desired: Desired, snapshot: Snapshot): Target[] {
  const { project } = desired;
  const stopped = new Set(desired.stopped);
  return Object.entries(project.services)
    .sort(([a], [b]) => byText(a, b))
    .map(([name, service]) => {
      const template = replicaTemplate(project, name, service);
      const pin = own(desired.pins ?? {}, name);
      const imageId = pin ?? own(snapshot.images, service.image);
      return {
        name,
        service,
        replicas: own(desired.replicas, name) ?? service.replicas,
        stopped: stopped.has(name),
        paused: desired.paused?.includes(name) ?? false,
        attempts: desired.attempts ?? {},
        pinned: pin !== undefined,
        imageId,
        fingerprint:
          imageId === undefined ? template.fingerprint : { ...template.fingerprint, image: imageId },
        config: template.config,
      };
    });
}
