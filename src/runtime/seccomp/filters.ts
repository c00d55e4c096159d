import { GantryError } from "../../error.ts";
import { capabilitiesOf } from "../capability.ts";
import type { ContainerSecurity } from "../container.ts";
import type { MachineArchitecture } from "./abi.ts";
import { NOTIFY } from "./action.ts";
import { compileSeccomp } from "./compile.ts";
import { DEFAULT_PROFILE } from "./default-profile.ts";
import { parseSeccompProfile } from "./parse.ts";
import type { SeccompProfile } from "./profile.ts";

/** Filters kept; containers of one machine share very few. */
const KEPT = 64;

/** The seccomp filters of containers: compiled once for each profile and set of capabilities. */
export class SeccompFilters {
  readonly #architecture: MachineArchitecture | undefined;
  readonly #compiled = new Map<string, Uint8Array>();

  /** `architecture`: as process.arch says it. On one no profile is written for, containers get no filter. */
  constructor(architecture: string) {
    this.#architecture = architecture === "x64" || architecture === "arm64" ? architecture : undefined;
  }

  get supported(): boolean {
    return this.#architecture !== undefined;
  }

  /**
   * An array of struct sock_filter; undefined where the container is to have none. Throws spec.invalid for a profile
   * of its own that is wrong, limit.unsupported for one on a machine without filters.
   */
  filterFor(security: ContainerSecurity = {}): Uint8Array | undefined {
    const { seccomp, privileged } = security;
    if (seccomp === "unconfined" || (privileged === true && seccomp === undefined)) return undefined;
    const architecture = this.#architecture;
    if (architecture === undefined) {
      if (seccomp === undefined) return undefined;
      throw new GantryError("limit.unsupported", "seccomp profiles are not built for this architecture", {
        next: "leave security_opt: seccomp=... out",
      });
    }
    const capabilities = capabilitiesOf(security);
    const key = `${capabilities} ${seccomp ?? ""}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const profile = seccomp === undefined ? DEFAULT_PROFILE : parseText(seccomp);
    const filter = compileSeccomp(profile, { architecture, capabilities });
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size >= KEPT && oldest !== undefined) this.#compiled.delete(oldest);
    this.#compiled.set(key, filter);
    return filter;
  }
}

function parseText(text: string): SeccompProfile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new GantryError("spec.invalid", "the seccomp profile is not JSON", { cause: error });
  }
  const profile = parseSeccompProfile(json);
  if ([profile.defaultAction, ...profile.rules.map(({ action }) => action)].includes(NOTIFY))
    throw new GantryError(
      "spec.invalid",
      "seccomp profile: SCMP_ACT_NOTIFY needs a program that answers, which gantry does not offer",
    );
  return profile;
}
