import { messageOf } from "../error.ts";
import type { Outcome } from "../apply/execute.ts";
import { own } from "../reconcile/own.ts";
import { judgeFailures, type Setback } from "../reconcile/setback.ts";
import type { ProjectStore, StoredProject } from "./projects.ts";

/**
 * Takes note of replacements that failed though what they would have replaced ran, and sets a service back where its
 * `update_config` calls for that. Durable once this resolves. Returns what to tell, a line for each that was set back.
 */
export async function setBack(
  store: ProjectStore,
  name: string,
  failed: Outcome["failed"],
): Promise<readonly string[]> {
  const stored = store.get(name);
  const of = failed.flatMap(({ step, error }) =>
    step.action.kind === "replace" && step.action.ran
      ? [{ service: step.action.owner.service, subject: step.subject, reason: messageOf(error) }]
      : [],
  );
  if (stored === undefined || of.length === 0) return [];
  const attempts: Record<string, number> = { ...stored.attempts };
  const setbacks: Record<string, Setback> = { ...stored.setbacks };
  const news: string[] = [];
  for (const { service, subject, reason } of of) {
    attempts[subject] = (attempts[subject] ?? 0) + 1;
    const definition = own(stored.project.services, service);
    if (definition === undefined || own(setbacks, service) !== undefined) continue;
    const count = Object.keys(attempts).filter((one) => one.startsWith(`${service}.`)).length;
    const replicas = own(stored.replicas, service) ?? definition.replicas;
    const verdict = judgeFailures(definition.rollout, count, replicas);
    if (verdict === "try again") continue;
    const setback =
      verdict === "pause"
        ? ({ kind: "pause", reason } as const)
        : await earlier(store, stored, service, reason);
    if (setback === undefined) continue;
    setbacks[service] = setback;
    news.push(
      setback.kind === "pause"
        ? `${service}: its update is paused until the next apply`
        : `${service}: rolled back to what it was in revision ${setback.revision}`,
    );
  }
  await store.put({ ...stored, attempts, setbacks });
  if (news.length > 0) await mark(store, stored, setbacks);
  return news;
}

/** The newest revision before in which the service was another one that worked. */
async function earlier(
  store: ProjectStore,
  { project, revision = Infinity }: StoredProject,
  service: string,
  reason: string,
): Promise<Setback | undefined> {
  for (const { number, setbacks = {} } of store.history.list(project.name).toReversed()) {
    if (number >= revision || Object.hasOwn(setbacks, service)) continue;
    const { project: before, images } = await store.history.get(project.name, number);
    const definition = own(before.services, service);
    if (definition === undefined) return undefined;
    const imageId = own(images, service)?.id;
    return {
      kind: "rollback",
      reason,
      revision: number,
      service: definition,
      ...(imageId === undefined ? {} : { imageId }),
      around: {
        ...(before.networks === undefined ? {} : { networks: before.networks }),
        volumes: before.volumes,
        images: before.images,
      },
    };
  }
  return undefined;
}

async function mark(
  store: ProjectStore,
  { project, revision }: StoredProject,
  setbacks: Readonly<Record<string, Setback>>,
): Promise<void> {
  if (revision === undefined) return;
  if (!store.history.list(project.name).some(({ number }) => number === revision)) return;
  const kept = await store.history.get(project.name, revision);
  const reasons = Object.fromEntries(Object.entries(setbacks).map(([name, { reason }]) => [name, reason]));
  await store.history.put({ ...kept, setbacks: reasons });
}
