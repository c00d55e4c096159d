import type { ObservedContainer } from "../observe/snapshot.ts";
import type { RestartPolicy } from "../spec/project.ts";
import { restartText } from "./change.ts";
import { neverTried } from "./restart.ts";

/**
 * Why a container that does not run is started, in words: `exited with status 1 (restart: always, attempt 3)`.
 * `attempt` counts from 1; 0 is a start that somebody asked for by hand.
 */
export function startText(container: ObservedContainer, policy: RestartPolicy, attempt: number): string {
  if (neverTried(container)) return "created but never started";
  if (container.restarting === true) return "a restart was cut short";
  if (attempt === 0)
    return container.stoppedByUser ? "was stopped by hand" : `tried again: ${endingText(container)}`;
  return `${endingText(container)} (restart: ${restartText(policy)}, attempt ${attempt})`;
}

/** How a container that does not run came to its end. */
export function endingText(container: ObservedContainer): string {
  if (container.startFailure !== undefined) return `could not start: ${container.startFailure.message}`;
  if (container.oomKilled) return "killed: out of memory";
  if (container.exitCode === undefined) return "ended, and nobody saw how";
  return `exited with status ${container.exitCode}`;
}
