import type { Abi } from "./abi.ts";
import type { SeccompAction } from "./action.ts";
import { WHOLE_ARGUMENT, type ArgumentCondition, type SeccompRule } from "./profile.ts";

/** What becomes of one system call: the first clause whose conditions all hold, else `otherwise`. */
export interface Decision {
  readonly clauses: readonly Clause[];
  readonly otherwise: SeccompAction;
}

export interface Clause {
  readonly conditions: readonly ArgumentCondition[];
  readonly action: SeccompAction;
}

/** A decision that looks at no argument. */
export function always(action: SeccompAction): Decision {
  return { clauses: [], otherwise: action };
}

/** The same text for decisions that are the same. */
export function decisionKey(decision: Decision): string {
  const clauses = decision.clauses.map(({ conditions, action }) => {
    const tests = conditions.map((test) => `${test.argument}&${test.mask}${test.comparison}${test.value}`);
    return `${tests.join(",")}:${action}`;
  });
  return [...clauses, decision.otherwise].join(";");
}

/** The decision for each number of an ABI that some rule speaks of. */
export function decisions(
  rules: readonly SeccompRule[],
  defaultAction: SeccompAction,
  abi: Abi,
): ReadonlyMap<number, Decision> {
  const found = new Map<number, { clauses: Clause[]; otherwise: SeccompAction }>();
  const add = (number: number, clause: Clause): void => {
    const decision = found.get(number) ?? { clauses: [], otherwise: defaultAction };
    found.set(number, decision);
    // An unconditional rule has replaced everything before it, and nothing after it is heard.
    if (decision.otherwise !== defaultAction) return;
    if (clause.conditions.length > 0) decision.clauses.push(clause);
    else found.set(number, { clauses: [], otherwise: clause.action });
  };
  for (const { names, action, conditions } of rules) {
    if (action === defaultAction) continue;
    const narrowed = conditions.map((condition) => narrow(condition, abi.wordBits));
    for (const name of names) {
      const number = abi.numbers.get(name);
      if (number !== undefined) add(number, { conditions: narrowed, action });
      // Arguments of a multiplexed call lie in memory: a rule that looks at them cannot be carried over.
      if (conditions.length === 0) addMultiplexed(abi, name, action, add);
    }
  }
  return found;
}

function addMultiplexed(
  abi: Abi,
  name: string,
  action: SeccompAction,
  add: (number: number, clause: Clause) => void,
): void {
  for (const { name: carrier, mask, selectors } of abi.multiplexers) {
    const selector = selectors.get(name);
    const number = abi.numbers.get(carrier);
    if (selector === undefined || number === undefined) continue;
    const selected: ArgumentCondition = { argument: 0, comparison: "EQ", value: BigInt(selector), mask };
    add(number, { conditions: [selected], action });
  }
}

function narrow(condition: ArgumentCondition, bits: 32 | 64): ArgumentCondition {
  const word = bits === 64 ? WHOLE_ARGUMENT : 0xffffffffn;
  return { ...condition, value: condition.value & word, mask: condition.mask & word };
}
