import type { Abi } from "./abi.ts";
import { ENOSYS, failWith, isPermissive, KILL_PROCESS, type SeccompAction } from "./action.ts";
import { always, decisions, type Decision } from "./decision.ts";
import { intervals, type Interval } from "./interval.ts";
import type { SeccompRule } from "./profile.ts";

/** ptrace(2): a tracer that skips a call sets its number to -1, which no ABI has. */
const SKIPPED = 0xffffffff;
/** ARM's private calls begin here; how new the rules are does not show in them. */
const ARM_PRIVATE = 0xf0000;
const NONE: ReadonlyMap<number, Decision> = new Map();

/**
 * The decision for every system call number of one architecture, 0 to 2^32-1. ABIs that share the architecture
 * (x64 and x32) own a part each, in ascending order; numbers of an ABI that is not among them kill the process.
 */
export function numberLine(
  abis: readonly Abi[],
  rules: readonly SeccompRule[],
  defaultAction: SeccompAction,
): readonly Interval[] {
  const parts = abis.flatMap((abi) => {
    const newest = newestNamed(abi, rules);
    const exceptions = decisions(rules, defaultAction, abi);
    // Where no rule knows the ABI, nothing says how new the rules are.
    const beyond = newest < abi.first ? defaultAction : forNewer(defaultAction);
    return [
      { first: abi.first, last: newest, rest: always(defaultAction), exceptions },
      { first: newest + 1, last: abi.last, rest: always(beyond), exceptions },
    ];
  });
  const last = parts.at(-1);
  if (last === undefined || last.last === SKIPPED) return intervals(parts);
  return intervals([
    ...parts,
    { first: last.last + 1, last: SKIPPED - 1, rest: always(KILL_PROCESS), exceptions: NONE },
    { first: SKIPPED, last: SKIPPED, rest: last.rest, exceptions: NONE },
  ]);
}

/**
 * A call newer than everything the rules know fails with ENOSYS, not with the default: C libraries then take the
 * older way, while EPERM they would pass on to the program. runc does so for the same reason.
 */
function forNewer(defaultAction: SeccompAction): SeccompAction {
  return isPermissive(defaultAction) ? defaultAction : failWith(ENOSYS);
}

/** The greatest number the rules name; below the first when they name none. */
function newestNamed(abi: Abi, rules: readonly SeccompRule[]): number {
  let newest = abi.first - 1;
  for (const { names } of rules)
    for (const name of names) {
      const number = abi.numbers.get(name) ?? -1;
      if (number > newest && number - abi.first < ARM_PRIVATE) newest = number;
    }
  return newest;
}
