import type { Privileges } from "../host/privileges.ts";
import { capabilitiesOf, capabilityNames, hasCapability } from "./capability.ts";
import type { ContainerConfig } from "./container.ts";
import { LIMIT_NAMES } from "./ulimit.ts";

export interface Attainable {
  readonly config: ContainerConfig;
  /** What the container does not get, in words a user reads. */
  readonly warnings: readonly string[];
}

/**
 * What of a configuration a daemon with these privileges can give; a daemon that runs in a container itself may lack
 * some. Nothing becomes more permissive by it.
 */
export function attainable(config: ContainerConfig, privileges: Privileges): Attainable {
  const warnings = [...capabilityWarnings(config, privileges), ...ulimitWarnings(config, privileges)];
  const { oomScoreAdjustment: wanted } = config;
  const least = privileges.oomScoreAdjustment;
  if (wanted === undefined || wanted >= least || mayRaise(privileges)) return { config, warnings };
  warnings.push(
    `oom_score_adj ${wanted} needs CAP_SYS_RESOURCE, which gantry's daemon does not have: it stays ${least}`,
  );
  return { config: { ...config, oomScoreAdjustment: least }, warnings };
}

function mayRaise({ capabilities }: Privileges): boolean {
  return hasCapability(capabilities, "CAP_SYS_RESOURCE");
}

/** Privileged containers get what there is; what was asked for by name is missed by name. */
function capabilityWarnings({ security }: ContainerConfig, { capabilities }: Privileges): string[] {
  const named = (security?.capAdd ?? []).filter((name) => name !== "ALL");
  const wanted = capabilitiesOf(security);
  const missing = [...capabilityNames(wanted & ~capabilities)].filter((name) => named.includes(name));
  return missing.map((name) => `cap_add: gantry's daemon does not have ${name} and cannot give it`);
}

/** The launcher caps what it cannot raise (setrlimit(2)). */
function ulimitWarnings({ ulimits = {} }: ContainerConfig, privileges: Privileges): string[] {
  if (mayRaise(privileges)) return [];
  return Object.entries(ulimits).flatMap(([name, { hard }]) => {
    const most = privileges.hardLimits.get(LIMIT_NAMES[name] ?? "");
    if (most === undefined || (hard !== -1 && hard <= most)) return [];
    const wanted = hard === -1 ? "unlimited" : String(hard);
    return [
      `ulimits.${name}: a hard limit of ${wanted} needs CAP_SYS_RESOURCE, which gantry's daemon does not have: it is ${most}`,
    ];
  });
}
