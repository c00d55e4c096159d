import type { Role } from "./check.ts";
import type { Ailing, Health, HealthStatus } from "./state.ts";

/** What is known of each thing that a container is asked. */
export type Parts = ReadonlyMap<Role, Health>;

const WORST_FIRST: readonly HealthStatus[] = ["unhealthy", "starting", "healthy"];
/** Who fails these is started anew. */
const VITAL: readonly Role[] = ["live", "startup"];

/**
 * One health of several: the worst of them, with the results of the probe that it is due to. In service is who passed
 * all that it was asked.
 */
export function combine(parts: Parts): Health | undefined {
  const [only] = parts;
  if (only === undefined) return undefined;
  const status = WORST_FIRST.find((one) => [...parts.values()].some((health) => health.status === one));
  const [role, health] = [...parts].find(([, part]) => part.status === status) ?? only;
  const ailing = ailingOf(parts);
  return { ...told(role, health), ...(ailing === undefined ? {} : { ailing }) };
}

function ailingOf(parts: Parts): Ailing | undefined {
  for (const role of VITAL) {
    const health = parts.get(role);
    if (health?.status !== "unhealthy") continue;
    const { changedAt: since, servedMs = 0 } = health;
    const [said = ""] = (told(role, health).log.at(-1)?.output ?? role).split("\n");
    return { since, servedMs, reason: said };
  }
  return undefined;
}

/** With the probe's name before what it said; Compose's own has none. */
function told(role: Role, health: Health): Health {
  if (role === "healthcheck") return health;
  return {
    ...health,
    log: health.log.map((result) => ({ ...result, output: `${role}: ${result.output.trim()}` })),
  };
}
