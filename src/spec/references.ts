import { linkedServices } from "./service-network.ts";
import type { Activation } from "./activation.ts";
import type { Report } from "./report.ts";
import { volumesFromOf } from "./volumes-from.ts";
import type { ServiceMap } from "./service.ts";
import { didYouMean } from "./suggest.ts";

/** Reports services that `depends_on` names and the file lacks, and services that wait for one another in a circle. */
export function checkDependencies(
  services: Readonly<Record<string, ServiceMap | undefined>>,
  { active, inactive }: Activation,
  report: Report,
): void {
  const wanted = new Map<string, readonly string[]>();
  for (const [name, service] of Object.entries(services)) {
    if (!active.has(name)) continue;
    const dependsOn = service?.depends_on ?? [];
    const isList = Array.isArray(dependsOn);
    const names: readonly string[] = isList
      ? (dependsOn as readonly string[])
      : Object.keys(dependsOn).filter((key) => !key.startsWith("x-"));
    wanted.set(name, [...names, ...sharedWith(service)]);
    for (const [index, target] of names.entries()) {
      if (active.has(target) || isOptional(dependsOn, target)) continue;
      const path = ["services", name, "depends_on", isList ? index : target];
      const profiles = inactive.get(target);
      const message =
        profiles === undefined
          ? `there is no service "${target}"${didYouMean(target, Object.keys(services))}`
          : `the service "${target}" is not active: it needs the profile ${profiles.join(" or ")}`;
      report.error(path, message, "key");
    }
  }
  const settled = new Set<string>();
  for (const start of Object.keys(services)) {
    const circle = findCircle(start, wanted, settled);
    if (circle === undefined) continue;
    report.error(["services", start, "depends_on"], `circular: ${circle.join(" -> ")}`, "key");
  }
}

/** `required: false`: the dependency may be missing. */
function isOptional(
  dependsOn: readonly string[] | Readonly<Record<string, unknown>>,
  target: string,
): boolean {
  if (Array.isArray(dependsOn)) return false;
  const { required } = Object((dependsOn as Readonly<Record<string, unknown>>)[target]) as {
    required?: unknown;
  };
  return required === false || required === "false";
}

/** Who shares a namespace or links waits for the other. That such a service is there is checked with the key itself. */
function sharedWith(service: ServiceMap | undefined): readonly string[] {
  const others = [
    ...[service?.network_mode, service?.pid, service?.ipc].flatMap((mode) =>
      mode?.startsWith("service:") ? [mode.slice("service:".length)] : [],
    ),
    ...linkedServices(service?.links),
  ];
  return [...others, ...volumesFromOf(service)];
}

/** A circle that can be reached from a service, once: what was walked is settled. Iterative, as files can be long. */
function findCircle(
  start: string,
  wanted: ReadonlyMap<string, readonly string[]>,
  settled: Set<string>,
): readonly string[] | undefined {
  if (settled.has(start)) return undefined;
  const trail: { readonly name: string; readonly left: string[] }[] = [];
  const open = new Set<string>();
  let circle: readonly string[] | undefined;
  const enter = (name: string) => {
    open.add(name);
    trail.push({ name, left: [...(wanted.get(name) ?? [])] });
  };
  enter(start);
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const next = top.left.shift();
    if (next === undefined) {
      settled.add(top.name);
      open.delete(top.name);
      trail.pop();
    } else if (open.has(next)) {
      const names = trail.map((each) => each.name);
      circle ??= [...names.slice(names.indexOf(next)), next];
    } else if (!settled.has(next)) enter(next);
  }
  return circle;
}
