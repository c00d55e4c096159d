import type { ObservedContainer } from "../observe/snapshot.ts";
import type { Job } from "../spec/project.ts";
import type { Step } from "./action.ts";
import { differences, highestNumber } from "./classify.ts";
import {
  blueprint,
  changes,
  type ServiceContext,
  startStep,
  stopStep,
  subjectOf,
} from "./container-steps.ts";
import { nextTime } from "./cron-next.ts";
import { removeSteps } from "./remove-steps.ts";
import { neverTried, restartVerdict } from "./restart.ts";

/** So late, in ms, a run is still on time: the loop may be busy. After that it was missed. */
const PATIENCE_MS = 60_000;

interface JobPlan {
  readonly steps: readonly Step[];
  readonly wakeAt: number | null;
}

/**
 * What is done about a service that runs on a schedule. Its next run is a container that is made ahead and not started:
 * the time it is for is in its record, so no other memory is needed to know which runs were missed.
 */
export function jobSteps(
  context: ServiceContext,
  job: Job,
  containers: readonly ObservedContainer[],
  now: number,
): JobPlan {
  const { target, after } = context;
  const sorted = containers.toSorted((a, b) => (b.owner?.number ?? 0) - (a.owner?.number ?? 0));
  const [pending, ...doubled] = sorted.filter(isPending);
  // From the time when the service had no schedule.
  const replicas = sorted.filter(({ runAt }) => runAt === undefined);
  const runs = sorted.filter((container) => container.runAt !== undefined && !isPending(container));
  const running = runs.filter(({ state }) => state === "running");
  const stops = target.stopped ? running.map((run) => stopStep(context, run)) : [];
  const retry = target.stopped ? undefined : retryOf(context, runs[0], now);
  const finished = runs.filter((run) => run.state !== "running" && (retry === undefined || run !== runs[0]));
  const history = removeSteps(finished.slice(job.history), `history: ${job.history}`, after);
  const doubles = removeSteps(doubled, "another run is scheduled", after);
  const before = [
    ...stops,
    ...history,
    ...doubles,
    ...removeSteps(replicas, "it runs on a schedule now", after),
  ];
  if (target.stopped) return { steps: before, wakeAt: null };

  const next = nextTime(job.cron, now, job.timezone);
  const active = [...running, ...(retry === undefined ? [] : runs.slice(0, 1))];
  const coming = comingSteps(context, {
    job,
    pending,
    active,
    next,
    now,
    highest: highestNumber(containers),
  });
  const times = [next, retry?.until].filter((time) => time !== undefined);
  return {
    steps: [...before, ...(retry?.steps ?? []), ...coming],
    wakeAt: times.length === 0 ? null : Math.min(...times),
  };
}

/** Made, not started, and for a time. */
export function isPending(container: ObservedContainer): boolean {
  return container.runAt !== undefined && neverTried(container) && container.restarting !== true;
}

/** A run that failed and that the restart policy wants to be tried again; only the last one is. */
function retryOf(
  context: ServiceContext,
  run: ObservedContainer | undefined,
  now: number,
): { readonly steps: readonly Step[]; readonly until?: number } | undefined {
  if (run === undefined || run.state === "running" || run.stoppedByUser) return undefined;
  const verdict = restartVerdict(run, context.target.service.restart, now);
  if (verdict.kind === "give-up") return undefined;
  if (verdict.kind === "wait") return { steps: [], until: verdict.until };
  return { steps: [startStep(context, run, verdict.failures)] };
}

interface Coming {
  readonly job: Job;
  readonly pending: ObservedContainer | undefined;
  readonly active: readonly ObservedContainer[];
  readonly next: number | undefined;
  readonly now: number;
  readonly highest: number;
}

function comingSteps(context: ServiceContext, coming: Coming): readonly Step[] {
  const { job, pending, active, next, now, highest } = coming;
  const { target, after, needs } = context;
  const schedule = (why: string, first: readonly string[]): Step[] => {
    if (next === undefined) return [];
    const subject = `${target.name}.${highest + 1}`;
    return [
      {
        key: `schedule ${subject}`,
        action: { kind: "schedule", ...blueprint(context, highest + 1), runAt: next },
        subject,
        cause: `${why}: ${timeText(next)}`,
        after: [...after, ...needs, ...first],
      },
    ];
  };
  if (pending === undefined) return schedule(`next run (${job.schedule})`, []);
  const subject = subjectOf(pending);
  const fields = differences(target, pending);
  if (fields.length > 0) {
    const gone = removeSteps([pending], changes(target, pending, fields), after);
    return [...gone, ...schedule("next run, as it is now", [`remove ${subject}`])];
  }
  const move = (cause: string): Step[] => {
    if (next === undefined || next === pending.runAt) return [];
    const action = { kind: "reschedule", id: pending.id, runAt: next } as const;
    return [{ key: `reschedule ${subject}`, action, subject, cause: `${cause}: ${timeText(next)}`, after }];
  };
  const { runAt = now } = pending;
  if (runAt > now) return move(`next run (${job.schedule})`);
  if (now - runAt > PATIENCE_MS && job.missed === "skip") return move(`missed ${timeText(runAt)}, next run`);
  const [other] = active;
  if (other !== undefined && job.concurrency === "forbid")
    return move(`skipped ${timeText(runAt)}, as ${subjectOf(other)} is not done; next run`);
  const cleared = job.concurrency === "replace" ? active.filter(({ state }) => state === "running") : [];
  const stops = cleared.map((run) => ({ ...stopStep(context, run), cause: `${subject} takes its place` }));
  const start: Step = {
    key: `start ${subject}`,
    action: { kind: "start", id: pending.id, failures: 0 },
    subject,
    cause: `scheduled for ${timeText(runAt)}`,
    after: [...after, ...stops.map(({ key }) => key)],
  };
  return [...stops, start];
}

/** `2026-11-27 18:35 UTC`. */
function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
