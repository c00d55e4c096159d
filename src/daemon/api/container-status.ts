import type { ObservedContainer } from "../../observe/snapshot.ts";
import { isPending } from "../../reconcile/job-steps.ts";
import { comingStart } from "../../reconcile/restart.ts";
import type { ContainerState } from "../../runtime/container.ts";

/**
 * Docker's word for a container's state: to docker a paused container is not "running", though it runs, and one that is to
 * be started soon has not "exited". `now` in ms since the epoch.
 */
export function stateText(
  container: ObservedContainer,
  now: number,
): ContainerState | "paused" | "restarting" {
  const { state, paused } = container;
  if (paused === true) return "paused";
  return state !== "running" && comingStart(container, now) !== undefined ? "restarting" : state;
}

/**
 * The STATUS column of `docker ps`: `Up 3 seconds`, `Exited (1) 2 minutes ago`, `Created`. What docker does not tell
 * there stands behind it in brackets, where docker puts `(healthy)`.
 */
export function statusText(container: ObservedContainer, now: number): string {
  const { state, startedAt = now, finishedAt = now, exitCode = 0 } = container;
  const texts: Readonly<Record<ContainerState, () => string>> = {
    created: () => (container.startFailure === undefined ? "Created" : "Created (could not start)"),
    running: () => `Up ${duration(now - startedAt)}${remark(container)}`,
    exited: () =>
      `Exited (${exitCode}) ${duration(now - finishedAt)} ago${container.oomKilled ? " (out of memory)" : ""}`,
  };
  const coming = comingStart(container, now);
  if (isPending(container)) return `Next run in ${remaining((container.runAt ?? now) - now)}`;
  if (coming === undefined) return texts[state]();
  const when = `estarting in ${remaining(coming.at - now)} (${ordinal(coming.attempt)} time)`;
  if (state !== "running") return `R${when}: ${ending(container)}`;
  return `${texts[state]()}, r${when}: ${container.health?.ailing?.reason ?? ""}`;
}

function ending({ startFailure, oomKilled, exitCode }: ObservedContainer): string {
  if (startFailure !== undefined) return `could not start: ${startFailure.message}`;
  if (oomKilled) return "out of memory";
  return exitCode === undefined ? "nobody saw its end" : `exit ${exitCode}`;
}

/** `8 s`, `2 min`: rounded up, so that it never says that no time is left. */
function remaining(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / SECOND));
  const minutes = Math.ceil(seconds / 60);
  if (seconds <= 120) return `${seconds} s`;
  return minutes <= 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}

/** `1st`, `2nd`, `11th`. */
function ordinal(number: number): string {
  const teen = number % 100 >= 11 && number % 100 <= 13;
  return `${number}${(teen ? undefined : ["th", "st", "nd", "rd"][number % 10]) ?? "th"}`;
}

function remark({ paused, health }: ObservedContainer): string {
  if (paused === true) return " (Paused)";
  if (health === undefined) return "";
  return health.status === "starting" ? " (health: starting)" : ` (${health.status})`;
}

const SECOND = 1000;
const HOUR = 3600 * SECOND;

/** A duration in ms as docker's users read it. */
export function duration(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / SECOND);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.round(Math.max(0, ms) / HOUR);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  const days = Math.floor(hours / 24);
  if (days < 14) return `${days} days`;
  if (days < 60) return `${Math.floor(days / 7)} weeks`;
  if (days < 730) return `${Math.floor(days / 30)} months`;
  return `${Math.floor(days / 365)} years`;
}
