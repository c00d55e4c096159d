import type { ActionKind } from "../reconcile/action.ts";
import type { Progress } from "../daemon/protocol.ts";
import { humanMs } from "./human.ts";
import { printable } from "./table.ts";

type StepProgress = Extract<Progress, { readonly type: "step" }>;

/** What is being done, and what was done, in a user's words. */
const WORDS = {
  "create-network": ["creating", "created"],
  "remove-network": ["removing", "removed"],
  "create-volume": ["creating", "created"],
  "remove-volume": ["removing", "removed"],
  "import-image": ["importing", "imported"],
  "pull-image": ["pulling", "pulled"],
  publish: ["publishing", "published"],
  create: ["starting", "started"],
  schedule: ["scheduling", "scheduled"],
  reschedule: ["scheduling", "scheduled"],
  start: ["starting", "started"],
  restart: ["restarting", "restarted"],
  update: ["updating", "updated"],
  stop: ["stopping", "stopped"],
  remove: ["removing", "removed"],
  replace: ["replacing", "replaced"],
} as const satisfies Record<ActionKind, readonly [string, string]>;

/** One object of the apply and the last that was heard of it. */
export interface ProgressLine {
  readonly key: string;
  readonly subject: string;
  readonly state: StepProgress["state"];
  /** `started  (12 ms)`, `failed  no such command`. */
  readonly text: string;
}

export function progressLine(step: StepProgress): ProgressLine {
  return { key: step.key, subject: printable(step.subject), state: step.state, text: stepText(step) };
}

/** The list with the line's news in it: the line with its key replaced, or one more at the end. */
export function withLine(lines: readonly ProgressLine[], line: ProgressLine): readonly ProgressLine[] {
  const index = lines.findIndex(({ key }) => key === line.key);
  return index === -1 ? [...lines, line] : lines.with(index, line);
}

/** What happened in a step, as one line of plain text. */
export function stepText(step: StepProgress): string {
  const [doing, done] = wordsOf(step.kind);
  if (step.state === "started") return withDetail(doing, step.cause);
  if (step.state === "failed") return withDetail("failed", step.message ?? step.cause);
  return withDetail(done, step.ms === undefined ? "" : `(${humanMs(step.ms)})`);
}

/** `nothing to do`, `3 changed in 45 ms`. */
export function doneText(done: Extract<Progress, { readonly type: "done" }>): string {
  return done.changed === 0 ? "nothing to do" : `${done.changed} changed in ${humanMs(done.ms)}`;
}

function wordsOf(kind: string): readonly [string, string] {
  return Object.hasOwn(WORDS, kind) ? WORDS[kind as ActionKind] : ["working", "done"];
}

function withDetail(word: string, detail: string): string {
  return detail === "" ? word : `${word}  ${printable(detail)}`;
}
