import { decisionKey, type Decision } from "./decision.ts";

/** Numbers from `from` up to the next interval's, all with the same decision. */
export interface Interval {
  readonly from: number;
  readonly decision: Decision;
  /** Equal for equal decisions. */
  readonly key: string;
}

/** A stretch of numbers, the decision for most of them, and the exceptions. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly rest: Decision;
  readonly exceptions: ReadonlyMap<number, Decision>;
}

/** Adjacent stretches that together cover 0 to 2^32-1, as the fewest intervals. */
export function intervals(stretches: readonly Stretch[]): readonly Interval[] {
  const merged: Interval[] = [];
  const add = (from: number, decision: Decision): void => {
    const key = decisionKey(decision);
    if (merged.at(-1)?.key !== key) merged.push({ from, decision, key });
  };
  for (const { first, last, rest, exceptions } of stretches) {
    let next = first;
    const within = [...exceptions.keys()].filter((number) => number >= first && number <= last);
    for (const number of Uint32Array.from(within).sort()) {
      if (number > next) add(next, rest);
      add(number, exceptions.get(number) ?? rest);
      next = number + 1;
    }
    if (next <= last) add(next, rest);
  }
  return merged;
}
