import type { ObservedContainer } from "../observe/snapshot.ts";
import type { Plan, Problem, Step } from "./action.ts";
import { closeSteps, leaving } from "./close.ts";
import { inEndingOrder } from "./dependencies.ts";
import type { PlanInput } from "./desired.ts";
import { removeNetworkSteps } from "./networks.ts";
import { byText } from "./order.ts";
import { listenersOf } from "./publish.ts";
import { removeSteps } from "./remove-steps.ts";

const CAUSE = "the project is taken down";

/** Takes a project down: containers, then listeners, then the network, and the volumes only if they are named. */
export function planDown({ project, snapshot, removeVolumes = [] }: PlanInput): Plan {
  const ours = snapshot.containers.filter((container) => container.owner?.project === project);
  const others = snapshot.containers.filter((container) => container.owner?.project !== project);
  const removals = inEndingOrder(removeSteps(ours, CAUSE, []), ours);
  const closing = closeSteps(
    project,
    listenersOf(project, snapshot),
    () => CAUSE,
    leaving(removals, ours),
    [],
  );
  const network = removeNetworkSteps(
    snapshot.networks.filter((one) => one.project === project).map(({ name }) => name),
    CAUSE,
    [...removals, ...closing].map((step) => step.key),
  );

  const existing = new Set(snapshot.volumes);
  const doomed = [...new Set(removeVolumes)].filter((name) => existing.has(name)).sort(byText);
  const removalOf = new Map(
    removals.map(({ action, key }) => [action.kind === "remove" ? action.id : "", key]),
  );
  const volumes = doomed.map((name): Step => ({
    key: `remove-volume ${name}`,
    action: { kind: "remove-volume", name },
    subject: `volume ${name}`,
    cause: `${CAUSE} with its volumes`,
    after: usersOf(name, ours)
      .map((container) => removalOf.get(container.id) ?? "")
      .sort(byText),
  }));
  return {
    steps: [...removals, ...closing, ...network, ...volumes],
    later: [],
    problems: doomed.flatMap((name) => volumeProblems(name, others)),
    wakeAt: null,
  };
}

function usersOf(volume: string, containers: readonly ObservedContainer[]): ObservedContainer[] {
  return containers.filter(({ config }) =>
    config.mounts.some((mount) => mount.type === "volume" && mount.source === volume),
  );
}

function volumeProblems(volume: string, others: readonly ObservedContainer[]): Problem[] {
  const [user] = usersOf(volume, others).sort((a, b) => byText(a.name, b.name));
  if (user === undefined) return [];
  const subject = `volume ${volume}`;
  const message = `${subject} is in use by container ${user.name}, which does not belong to the project`;
  return [{ code: "conflict", subject, message, next: `remove ${user.name} first, or keep the volumes` }];
}
