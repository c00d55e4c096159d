import { GantryError } from "../../error.ts";
import { ABIS, COMPATIBLE, type MachineArchitecture } from "./abi.ts";
import { KILL_PROCESS } from "./action.ts";
import { applicableRules } from "./applicable.ts";
import { Assembler, MAX_INSTRUCTIONS, type Target } from "./assembler.ts";
import { capabilityNames } from "../capability.ts";
import { numberLine } from "./number-line.ts";
import type { KernelVersion, SeccompProfile } from "./profile.ts";
import { writeSearch } from "./search.ts";

export interface SeccompOptions {
  readonly architecture: MachineArchitecture;
  /** The container's bounding set: a bit mask as in /proc/PID/status, or names that begin with `CAP_`. */
  readonly capabilities: bigint | ReadonlySet<string>;
  /** The machine's kernel, for rules with `minKernel`; without it every kernel asked for counts as reached. */
  readonly kernel?: KernelVersion;
}

/** Offsets in struct seccomp_data. seccomp(2) */
const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;

/**
 * The filter for containers with these capabilities: an array of struct sock_filter (8 bytes each, little endian),
 * ready for seccomp(2). It depends on nothing but its arguments; callers keep it per set of capabilities.
 *
 * The shape is a binary search over the system call's number: the kernel walks a new filter once for every number
 * there is, whenever a container starts. docs/seccomp.md
 *
 * @throws GantryError `spec.invalid` when the filter would be longer than the kernel takes (4096 instructions).
 */
export function compileSeccomp(profile: SeccompProfile, options: SeccompOptions): Uint8Array {
  const { architecture, kernel } = options;
  const capabilities =
    typeof options.capabilities === "bigint" ? capabilityNames(options.capabilities) : options.capabilities;
  const rules = applicableRules(profile.rules, { architecture, capabilities, kernel });
  const letIn = COMPATIBLE[architecture].filter((name) => profile.compatible[architecture].includes(name));
  const abis = [architecture, ...letIn].map((name) => ABIS[name]);

  const assembler = new Assembler();
  const architectures = new Set(abis.map((abi) => abi.audit));
  // Written from the end: what comes last here, the machine's own architecture, is asked for first.
  const searches = [...architectures].toReversed().map((audit) => {
    const own = abis.filter((abi) => abi.audit === audit);
    assembler.continueAt(writeSearch(assembler, numberLine(own, rules, profile.defaultAction)));
    return { audit, search: { label: assembler.load(NUMBER_OFFSET) } };
  });
  searches.reduce<Target>(
    (others, { audit, search }) => ({ label: assembler.branch("EQ", audit, search, others) }),
    { answer: KILL_PROCESS },
  );
  assembler.load(ARCHITECTURE_OFFSET);
  if (assembler.length > MAX_INSTRUCTIONS)
    throw new GantryError(
      "spec.invalid",
      `the seccomp profile makes a filter of ${assembler.length} instructions; the kernel takes ${MAX_INSTRUCTIONS}`,
      { next: "use fewer rules with arguments" },
    );
  return assembler.finish();
}
