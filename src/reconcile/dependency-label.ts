import type { Dependency } from "../spec/project.ts";

export const DEPENDS_ON_LABEL = "com.docker.compose.depends_on";

/** Compose's label: `db:service_healthy:false,cache:service_started:true`. Undefined where there is nothing to say. */
export function dependencyLabel(
  dependsOn: Readonly<Record<string, Dependency>> | undefined,
): Readonly<Record<string, string>> {
  const entries = Object.entries(dependsOn ?? {}).map(
    ([name, how]) => `${name}:${how.condition}:${how.restart}`,
  );
  return entries.length === 0 ? {} : { [DEPENDS_ON_LABEL]: entries.join(",") };
}
