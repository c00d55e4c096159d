import { InvalidValue } from "./report.ts";

/** The services a project runs, and those that wait for a profile. */
export interface Activation {
  readonly active: ReadonlySet<string>;
  /** By service that is not active, the profiles that would make it so. */
  readonly inactive: ReadonlyMap<string, readonly string[]>;
}

/**
 * A service with `profiles` is active when one of them is: the Compose Specification's "Profiles". `*` stands for all of
 * them. `services` has passed the schema.
 */
export function activate(services: unknown, profiles: readonly string[]): Activation {
  const active = new Set<string>();
  const inactive = new Map<string, readonly string[]>();
  for (const [name, service] of Object.entries(Object(services) as Readonly<Record<string, unknown>>)) {
    const own = (Object(service) as { readonly profiles?: readonly string[] }).profiles ?? [];
    if (own.length === 0 || profiles.includes("*") || own.some((profile) => profiles.includes(profile)))
      active.add(name);
    else inactive.set(name, own);
  }
  return { active, inactive };
}

/** `--profile`, else COMPOSE_PROFILES. */
export function chooseProfiles(given: readonly string[], named: string | undefined): readonly string[] {
  const profiles = given.length > 0 ? given : (named ?? "").split(",");
  return profiles.map((profile) => profile.trim()).filter((profile) => profile !== "");
}

/** Throws InvalidValue. */
export function readProfile(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return name;
  throw new InvalidValue(`"${name}" is not a profile (letters, digits, ".", "_" and "-")`);
}
