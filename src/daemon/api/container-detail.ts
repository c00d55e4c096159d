import type { ObservedContainer } from "../../observe/snapshot.ts";
import { IDS } from "../../runtime/id-range.ts";
import type { Health } from "../../runtime/health/state.ts";
import type { ContainerPort } from "../../runtime/container.ts";
import { hostConfig } from "./container-host-config.ts";
import { mountPoints } from "./container-mounts.ts";
import { portKey, portMap } from "./container-ports.ts";
import { stateText } from "./container-status.ts";
import { commandLine, networks } from "./container-summary.ts";

/** How Docker writes "never": Go's zero time. */
const NEVER = "0001-01-01T00:00:00Z";

/** The answer of `GET /containers/{id}/json` (Engine API, ContainerInspectResponse); what gantry has no word for is left out. */
export function containerDetail(container: ObservedContainer, ports: readonly ContainerPort[]): object {
  const { config } = container;
  const [path = "", ...args] = commandLine(config);
  return {
    Id: container.id,
    Created: new Date(container.createdAt).toISOString(),
    Path: path,
    Args: args,
    State: state(container),
    Image: container.imageId,
    Name: `/${container.name}`,
    RestartCount: container.failures,
    Driver: "overlay2",
    Platform: "linux",
    HostConfig: hostConfig(container, portMap(config.ports ?? ports)),
    Mounts: mountPoints(config.mounts),
    Gantry: { UserNamespace: userNamespace(container) },
    Config: containerConfig(container, ports),
    NetworkSettings: {
      Ports: { ...unpublished(config), ...portMap(ports) },
      IPAddress: container.state === "running" ? (container.address ?? "") : "",
      Networks: networks(container),
    },
  };
}

function state(container: ObservedContainer): object {
  const running = container.state === "running";
  const status = stateText(container, Date.now());
  return {
    Status: status,
    Running: running,
    Paused: container.paused === true,
    Restarting: status === "restarting",
    OOMKilled: container.oomKilled,
    Dead: false,
    Pid: running ? (container.pid ?? 0) : 0,
    ExitCode: running ? 0 : exitCode(container),
    Error: container.startFailure?.message ?? "",
    StartedAt: instant(container.startedAt),
    FinishedAt: instant(container.state === "exited" ? container.finishedAt : undefined),
    ...(container.health === undefined ? {} : { Health: health(container.health) }),
  };
}

function health({ status, failingStreak, log }: Health): object {
  return {
    Status: status,
    FailingStreak: failingStreak,
    Log: log.map(({ start, end, exitCode: code, output }) => ({
      Start: instant(start),
      End: instant(end),
      ExitCode: code,
      Output: output,
    })),
  };
}

/** Of one that could not be started, what docker says: 127 and 126 as shells have it, else its own 128. */
function exitCode({ exitCode: own, startFailure }: ObservedContainer): number {
  if (startFailure === undefined) return own ?? 0;
  if (startFailure.code === "command.not-found") return 127;
  return startFailure.code === "command.not-executable" ? 126 : 128;
}

/** Which ids of the host are the container's, from its 0 on; null for all of them. */
function userNamespace({ idBase }: ObservedContainer): object | null {
  return idBase === undefined ? null : { HostId: idBase, Size: IDS };
}

/** Docker lists what is exposed and not published, without a binding. */
function unpublished({ exposed = [] }: ObservedContainer["config"]): Record<string, null> {
  return Object.fromEntries(exposed.map((port) => [port, null]));
}

function containerConfig({ config, id }: ObservedContainer, ports: readonly ContainerPort[]): object {
  const exposed = [...(config.exposed ?? []), ...ports.map(portKey)].map((port) => [port, {}]);
  return {
    Hostname: config.hostname ?? id.slice(0, 12),
    Domainname: config.domainname ?? "",
    User: config.user ?? "",
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    ExposedPorts: Object.fromEntries(exposed) as Record<string, object>,
    Tty: config.terminal === true,
    OpenStdin: config.stdin !== undefined,
    StdinOnce: config.stdin === "once",
    Env: Object.entries(config.environment).map(([name, value]) => `${name}=${value}`),
    Cmd: config.command ?? null,
    Image: config.image,
    Volumes: null,
    WorkingDir: config.workingDir ?? "",
    Entrypoint: config.entrypoint ?? null,
    Labels: config.labels,
    ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    StopTimeout: Math.ceil(config.stopGraceMs / 1000),
  };
}

function instant(ms: number | undefined): string {
  return ms === undefined ? NEVER : new Date(ms).toISOString();
}
