import type { Action, ActionKind, Plan, Problem, Step } from "./action.ts";

interface Words {
  /** What a line begins with. */
  readonly mark: "+" | "-" | "~" | "-/+";
  readonly verb: string;
  /** What the summary counts it as. */
  readonly tally: Tally;
}

const TALLIES = ["create", "update", "replace", "remove", "start", "stop", "publish"] as const;
type Tally = (typeof TALLIES)[number];
/** These stand in every summary, the others only when there are some. */
const ALWAYS: ReadonlySet<Tally> = new Set(["create", "update", "replace", "remove"]);

const WORDS = {
  "create-network": () => ({ mark: "+", verb: "create", tally: "create" }),
  "remove-network": () => ({ mark: "-", verb: "remove", tally: "remove" }),
  "create-volume": () => ({ mark: "+", verb: "create", tally: "create" }),
  "remove-volume": () => ({ mark: "-", verb: "remove", tally: "remove" }),
  "import-image": () => ({ mark: "+", verb: "import", tally: "create" }),
  "pull-image": () => ({ mark: "+", verb: "pull", tally: "create" }),
  publish: ({ ports }) =>
    ports.length === 0
      ? { mark: "-", verb: "close", tally: "publish" }
      : { mark: "~", verb: "publish", tally: "publish" },
  create: () => ({ mark: "+", verb: "create", tally: "create" }),
  schedule: () => ({ mark: "+", verb: "schedule", tally: "create" }),
  reschedule: () => ({ mark: "~", verb: "schedule", tally: "update" }),
  start: () => ({ mark: "~", verb: "start", tally: "start" }),
  restart: () => ({ mark: "~", verb: "restart", tally: "start" }),
  update: () => ({ mark: "~", verb: "update in place", tally: "update" }),
  stop: () => ({ mark: "~", verb: "stop", tally: "stop" }),
  remove: () => ({ mark: "-", verb: "remove", tally: "remove" }),
  replace: ({ order }) => ({
    mark: "-/+",
    verb: order === "start-first" ? "replace (start-first, no downtime)" : "replace (stop-first)",
    tally: "replace",
  }),
} satisfies { readonly [K in ActionKind]: (action: Action<K>) => Words };

/**
 * A plan as people read it: a line per step, then the problems, then a summary. No colours, no newline at the end.
 * Control characters that came in with names and messages are shown escaped, so that none reaches a terminal.
 */
export function renderPlan(plan: Plan): string {
  const lines = [
    ...plan.steps.map((step) => stepLine(step)),
    ...plan.later.map(({ step, until }) => `${stepLine(step)}, once ${until}`),
    ...plan.problems.flatMap((problem) => problemLines(problem)),
    summary(plan),
  ];
  return lines.map((line) => printable(line)).join("\n");
}

function stepLine({ action, subject, cause }: Step): string {
  const { mark, verb } = wordsFor(action);
  return `${mark} ${subject}  ${verb}  ${cause}`;
}

function problemLines({ subject, code, message, next }: Problem): string[] {
  return [`! ${subject}  ${code}  ${message}`, `    ${next}`];
}

function summary({ steps: now, later, problems }: Plan): string {
  const steps = [...now, ...later.map(({ step }) => step)];
  if (problems.length > 0) {
    return `${problems.length} ${problems.length === 1 ? "problem" : "problems"}: nothing will be changed`;
  }
  if (steps.length === 0) return "nothing to do";
  const counts = new Map<Tally, number>();
  for (const { action } of steps) {
    const { tally } = wordsFor(action);
    counts.set(tally, (counts.get(tally) ?? 0) + 1);
  }
  return TALLIES.filter((tally) => ALWAYS.has(tally) || counts.has(tally))
    .map((tally) => `${counts.get(tally) ?? 0} to ${tally}`)
    .join(", ");
}

function wordsFor<K extends ActionKind>(action: Action<K>): Words {
  const words: { readonly [P in ActionKind]: (action: Action<P>) => Words } = WORDS;
  return words[action.kind](action);
}

function printable(line: string): string {
  return line.replace(
    /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
