import { testArgument } from "./argument.ts";
import type { Assembler, Target } from "./assembler.ts";
import type { Decision } from "./decision.ts";
import type { Interval } from "./interval.ts";

/**
 * A binary search for the interval that holds the number (which is loaded already), then that interval's decision.
 * Decisions that look at arguments are written once, however many intervals have them.
 */
export function writeSearch(assembler: Assembler, intervals: readonly Interval[]): Target {
  const written = new Map<string, Target>();
  for (const { key, decision } of intervals)
    if (!written.has(key)) written.set(key, writeDecision(assembler, decision));

  const search = (from: number, to: number): Target => {
    const middle = (from + to) >> 1;
    const pivot = intervals[middle];
    if (pivot === undefined) throw new RangeError("no interval to search");
    if (to - from === 1) return written.get(pivot.key) ?? writeDecision(assembler, pivot.decision);
    const above = search(middle, to);
    const below = search(from, middle);
    return { label: assembler.branch("GE", pivot.from, above, below) };
  };
  return search(0, intervals.length);
}

function writeDecision(assembler: Assembler, { clauses, otherwise }: Decision): Target {
  return clauses.reduceRight<Target>(
    (next, { conditions, action }) =>
      conditions.reduceRight<Target>((holds, condition) => testArgument(assembler, condition, holds, next), {
        answer: action,
      }),
    { answer: otherwise },
  );
}
