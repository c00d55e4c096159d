import { connect } from "node:net";
import type { ObservedContainer } from "../observe/snapshot.ts";
import type { Desired } from "../reconcile/desired.ts";

/** How far a project is from what `--wait` waits for. */
export type Settled =
  | { readonly state: "yes" }
  | { readonly state: "no"; readonly waitingFor: string }
  | { readonly state: "never"; readonly service: string; readonly message: string };

/** Restarts in a row after which a replica counts as one that never comes up. */
const HOPELESS = 3;

/** Whether every wanted replica runs, or has done its work (exit status 0 and no restart). Pure. */
export function settled(desired: Desired, containers: readonly ObservedContainer[]): Settled {
  for (const [name, service] of Object.entries(desired.project.services)) {
    if (desired.stopped.includes(name)) continue;
    const replicas = desired.replicas[name] ?? service.replicas;
    const mine = containers.filter(
      ({ owner }) => owner?.project === desired.project.name && owner.service === name,
    );
    for (let number = 1; number <= replicas; number++) {
      const candidates = mine.filter(({ owner }) => owner?.number === number);
      const replica = candidates.find(({ state }) => state === "running") ?? candidates[0];
      if (replica?.state === "running") continue;
      const subject = `${name}.${number}`;
      if (replica === undefined) return { state: "no", waitingFor: subject };
      if (replica.state === "exited" && replica.exitCode === 0 && service.restart.name !== "always") continue;
      const gaveUp = service.restart.name === "no" || replica.failures >= HOPELESS;
      if (replica.startFailure !== undefined && gaveUp)
        return { state: "never", service: name, message: `${subject}: ${replica.startFailure.message}` };
      if (replica.state === "exited" && gaveUp)
        return { state: "never", service: name, message: ending(subject, replica) };
      return { state: "no", waitingFor: subject };
    }
  }
  return { state: "yes" };
}

function ending(subject: string, { oomKilled, exitCode }: ObservedContainer): string {
  return oomKilled
    ? `${subject} was killed: out of memory`
    : `${subject} exited with status ${exitCode ?? "?"}`;
}

/** The TCP endpoints behind published ports that a waiting client would be let through to. */
export function endpointsToAnswer(
  desired: Desired,
  containers: readonly ObservedContainer[],
): readonly { readonly address: string; readonly port: number }[] {
  return containers.flatMap(({ owner, address, state }) => {
    if (owner?.project !== desired.project.name || address === undefined || state !== "running") return [];
    const ports = desired.project.services[owner.service]?.ports ?? [];
    return ports
      .filter(({ protocol }) => protocol === "tcp")
      .map(({ containerPort }) => ({ address, port: containerPort }));
  });
}

/** Whether somebody accepts connections there, within a second. */
export async function answers(endpoint: {
  readonly address: string;
  readonly port: number;
}): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect({ host: endpoint.address, port: endpoint.port });
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
