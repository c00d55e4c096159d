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
  const newer = always(forNewer(defaultAction));
  const parts = abis.flatMap((abi) => {
    const newest = newestNamed(abi, rules);
    const exceptions = decisions(rules, defaultAction, abi);
    return [
      { first: abi.first, last: newest, rest: always(defaultAction), exceptions },
      { first: newest + 1, last: abi.last, rest: newer, exceptions },
    ];
  });
  const end = (abis.at(-1)?.last ?? -1) + 1;
  if (end < SKIPPED)
    parts.push(
      { first: end, last: SKIPPED - 1, rest: always(KILL_PROCESS), exceptions: NONE },
      { first: SKIPPED, last: SKIPPED, rest: newer, exceptions: NONE },
    );
  return intervals(parts);
}

/**
 * A call newer than everything the rules know fails with ENOSYS, not with the default: C libraries then take the
 * older way, while EPERM they would pass on to the program. runc does so for the same reason.
 */
function forNewer(defaultAction: SeccompAction): SeccompAction {
  return isPermissive(defaultAction) ? defaultAction : failWith(ENOSYS);
}

function newestNamed(abi: Abi, rules: readonly SeccompRule[]): number {
  let newest = abi.first - 1;
  for (const name of rules.flatMap((rule) => rule.names)) {
    const number = abi.numbers.get(name) ?? -1;
    if (number > newest && number - abi.first < ARM_PRIVATE) newest = number;
  }
  // No rule knows this ABI, so nothing says how new they are.
  return newest < abi.first ? abi.last : newest;
}
