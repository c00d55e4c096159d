import { GantryError } from "../error.ts";
import { makesContainer, type Plan } from "../reconcile/action.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * Looks at every configuration that a plan would make containers of, once for each service, before anything is done.
 * Throws what stands in the way (spec.invalid, limit.unsupported); returns what this machine cannot give, in words.
 */
export async function configurationWarnings(runtime: Runtime, plan: Plan): Promise<readonly string[]> {
  const warnings: string[] = [];
  const seen = new Set<string>();
  for (const { action } of plan.steps) {
    if (!makesContainer(action)) continue;
    const { service } = action.owner;
    if (seen.has(service)) continue;
    seen.add(service);
    try {
      const found = await runtime.check(action.config);
      warnings.push(...found.map((warning) => `${service}: ${warning}`));
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      const { next, code, message } = error;
      throw new GantryError(code, `service ${service}: ${message}`, {
        ...(next === undefined ? {} : { next }),
        cause: error,
      });
    }
  }
  return warnings;
}
