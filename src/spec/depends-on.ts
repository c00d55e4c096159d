import type { Path } from "./path.ts";
import type { Dependency } from "./project.ts";
import type { Report } from "./report.ts";
import { readBoolean } from "./scalar.ts";
import { linkedServices } from "./service-network.ts";

/** A `depends_on` of the file, once the schema has passed it. */
export type DependsOn =
  | readonly string[]
  | Readonly<
      Record<
        string,
        | {
            readonly condition?: Dependency["condition"];
            readonly restart?: boolean | string;
            readonly required?: boolean | string;
          }
        | null
        | undefined
      >
    >;

const STARTED: Dependency = { condition: "service_started", restart: false, required: true };

/** By service; undefined where there are none. That they exist, and are no circle, is checked elsewhere. */
export function readDependsOn(
  dependsOn: DependsOn | undefined,
  path: Path,
  report: Report,
): Readonly<Record<string, Dependency>> | undefined {
  if (dependsOn === undefined) return undefined;
  const entries = isList(dependsOn)
    ? dependsOn.map((name) => [name, STARTED] as const)
    : Object.entries(dependsOn)
        .filter(([name]) => !name.startsWith("x-"))
        .map(([name, map]) => {
          const flag = (key: "restart" | "required", value: boolean): boolean => {
            const given = map?.[key];
            return given === undefined
              ? value
              : (report.attempt([...path, name, key], () => readBoolean(given)) ?? value);
          };
          const condition = map?.condition ?? STARTED.condition;
          return [
            name,
            { condition, restart: flag("restart", false), required: flag("required", true) },
          ] as const;
        });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function isList(dependsOn: DependsOn): dependsOn is readonly string[] {
  return Array.isArray(dependsOn);
}

/** With the services that `links` names: whoever links to one starts after it, as Compose has it. */
export function withLinked(
  dependsOn: Readonly<Record<string, Dependency>> | undefined,
  links: readonly string[] | undefined,
): Readonly<Record<string, Dependency>> | undefined {
  const linked = linkedServices(links).map((service) => [service, STARTED] as const);
  return linked.length === 0 ? dependsOn : { ...Object.fromEntries(linked), ...dependsOn };
}
