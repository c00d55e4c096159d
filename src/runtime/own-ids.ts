import type { LaunchInput } from "./compile.ts";
import { idMap } from "./id-range.ts";
import { mountPoints } from "./places.ts";
import { type PlanWriter, stringRun } from "./plan/encode.ts";
import { SLOT } from "./plan/operation.ts";

/** Slots of what makes up a container's user namespace and the root in it. */
export interface OwnIds {
  /** The host's id of the container's root. */
  readonly base: number;
  readonly namespace: number;
  /** The instance's root folder, seen through the namespace: one mount for all layers. */
  readonly layers: number;
  readonly overlay: number;
}

/** Slots for a container whose ids begin at `base`; undefined for one that has the host's. */
export function ownIds(base: number | undefined, nextSlot: () => number): OwnIds | undefined {
  if (base === undefined) return undefined;
  return { base, namespace: nextSlot(), layers: nextSlot(), overlay: nextSlot() };
}

/** Where the launcher sees the instance's root folder. */
const INSTANCE = "/r";

/** Before the clone: what belongs to the container's root, and the descriptors that both sides of the clone hold. */
export function addOwnership(plan: PlanWriter, { base, layers, overlay }: OwnIds, upper: string): void {
  plan.add("ownFolder", SLOT.root, upper, base, base);
  plan.add("ownStdio", base, base);
  plan.add("ownTree", layers, INSTANCE);
  plan.add("fileSystem", overlay, "overlay");
}

/** For the clone: uid_map and gid_map. */
export function mapsOf(own: OwnIds | undefined): readonly [string, string] {
  const map = own === undefined ? "" : idMap(own.base);
  return [map, map];
}

/**
 * After it, in the parent, who still is the host's root: the mounts are seen through the namespace, and the overlay is
 * made of the layers as they are seen so. Its upper folder is not mapped but owned by the container: overlayfs cannot
 * write to a mapped one.
 */
export function addMappedMounts(
  plan: PlanWriter,
  { namespace, layers, overlay }: OwnIds,
  input: LaunchInput,
  trees: { readonly all: readonly number[]; readonly strict: readonly number[] },
): void {
  plan.add("signal"); // the child can take on its ids
  plan.add("userNamespace", namespace);
  for (const slot of [layers, ...trees.strict]) plan.add("mapIds", slot, namespace, STRICT);
  for (const [number, slot] of trees.all.entries()) plan.add("mapIds", slot, namespace, number);
  const below = (path: string): string => path.slice(input.root.length + 1);
  const own = `${INSTANCE}/containers/${input.id}`;
  const run = stringRun([...input.image.layers, mountPoints(input.root)].map(below));
  plan.add("layers", overlay, layers, run, `${own}/upper`, `${own}/work`);
}

/** A mount that must be mapped: without it the container would not be what it should. */
const STRICT = -1;

/** In the child, first of all: from the host's root to the container's. */
export function addIdentity(plan: PlanWriter): void {
  plan.add("wait");
  plan.add("become", 0, 0);
}
