import type { ContainerConfig } from "../../../runtime/container.ts";
import { readDuration } from "../../../spec/duration.ts";
import { readHostname } from "../../../spec/hostname.ts";
import { readLogging } from "../../../spec/logging.ts";
import { readContainerPath } from "../../../spec/mount.ts";
import { readUser } from "../../../spec/service.ts";
import { readSignal } from "../../../spec/signal.ts";
import { readContainerName } from "../../container-name.ts";
import type { AskedContainer } from "../../creation.ts";
import {
  booleanIn,
  integerIn,
  type JsonObject,
  objectIn,
  objectOf,
  textIn,
  textMapIn,
  textsIn,
} from "../bodies.ts";
import { invalid } from "../errors.ts";
import { environment } from "../exec-body.ts";
import type { Query } from "../query.ts";
import { confinementOf } from "./confinement.ts";
import { limitsOf, restartOf } from "./limits.ts";
import { mountsOf } from "./mounts.ts";
import { networkingOf } from "./networking.ts";
import { exposedOf, portsOf } from "./ports.ts";
import { refuseUnbuilt } from "./refused.ts";
import { RequestReport } from "./request-report.ts";

/**
 * What `POST /containers/create` asks for (Engine API, ContainerConfig with HostConfig and NetworkingConfig). Fields that
 * Docker does not know are ignored; those that gantry cannot honour throw. `warnings`: what has no effect here.
 */
export function createRequest(
  value: unknown,
  query: Query,
): { readonly asked: AskedContainer; readonly warnings: readonly string[] } {
  refuseNul(value);
  const body = objectOf(value);
  const hostConfig = objectIn(body, "HostConfig");
  refuseUnbuilt(body, hostConfig);
  const report = new RequestReport();
  const log = logOf(objectIn(hostConfig, "LogConfig"), report);
  const { mode: networkMode, networks } = networkingOf(body, hostConfig);
  const autoRemove = booleanIn(hostConfig, "AutoRemove");
  const restart = restartOf(hostConfig, report) ?? { name: "no" };
  if (autoRemove && restart.name !== "no")
    throw invalid("can't create 'AutoRemove' container with restart policy");
  const ports = portsOf(hostConfig, report);
  if (ports.length > 0 && networkMode?.startsWith("container:") === true)
    throw invalid("conflicting options: port publishing and the container type network mode");
  if (ports.length > 0 && networkMode !== undefined)
    report.warnings.push(`Published ports are discarded when using ${networkMode} network mode`);
  const image = textIn(body, "Image");
  if (image === undefined) throw invalid("no image specified");
  const name = query.text("name");
  const platform = query.text("platform");
  const asked = {
    ...(name !== undefined && { name: readContainerName(name) }),
    ...(platform !== undefined && { platform }),
    autoRemove,
    publishAll: networkMode === undefined && booleanIn(hostConfig, "PublishAllPorts"),
    volumesFrom: (textsIn(hostConfig, "VolumesFrom") ?? []).map(volumesFrom),
    config: {
      image,
      ...processOf(body, report),
      exposed: exposedOf(body),
      ...(networkMode === undefined && { ports }),
      ...(networks !== undefined && { networks }),
      mounts: mountsOf(body, hostConfig, report),
      ...(log !== undefined && { log }),
      limits: limitsOf(hostConfig, report),
      restart,
      labels: textMapIn(body, "Labels"),
      init: booleanIn(hostConfig, "Init"),
      ...(booleanIn(body, "Tty") && { terminal: true as const }),
      ...(booleanIn(body, "OpenStdin") && {
        stdin: booleanIn(body, "StdinOnce") ? ("once" as const) : ("open" as const),
      }),
      ...confinementOf(body, hostConfig, networkMode, report),
    },
  };
  return { asked, warnings: report.warnings };
}

/** What runs, and how it is stopped. */
function processOf(
  body: JsonObject,
  report: RequestReport,
): Pick<ContainerConfig, "environment" | "stopGraceMs"> & Partial<ContainerConfig> {
  const read = <T>(key: string, parse: (text: string) => T): T | undefined => {
    const text = textIn(body, key);
    return text === undefined ? undefined : report.attempt([key], () => parse(text));
  };
  const healthcheck = healthcheckOf(body);
  const command = textsIn(body, "Cmd");
  const entrypoint = textsIn(body, "Entrypoint");
  const workingDir = read("WorkingDir", readContainerPath);
  const user = read("User", readUser);
  const hostname = read("Hostname", readHostname);
  const stopSignal = read("StopSignal", readSignal);
  const seconds = integerIn(body, "StopTimeout") ?? 10;
  return {
    environment: environment(textsIn(body, "Env") ?? []),
    // An empty list is Go's way to leave it to the image; an entry point of one empty word takes the image's away.
    ...(command !== undefined && command.length > 0 && { command }),
    ...(entrypoint !== undefined &&
      entrypoint.length > 0 && {
        entrypoint: entrypoint.length === 1 && entrypoint[0] === "" ? [] : entrypoint,
      }),
    ...(workingDir !== undefined && { workingDir }),
    ...(user !== undefined && { user }),
    ...(hostname !== undefined && { hostname }),
    ...(stopSignal !== undefined && { stopSignal }),
    ...(healthcheck !== undefined && { healthcheck }),
    stopGraceMs: report.attempt(["StopTimeout"], () => readDuration(`${Math.max(0, seconds)}s`)) ?? 0,
  };
}

/** Durations are nanoseconds; 0 and absent leave it to the image. */
function healthcheckOf(body: JsonObject): ContainerConfig["healthcheck"] | undefined {
  const check = objectIn(body, "Healthcheck");
  const ms = (key: string): number | undefined => (integerIn(check, key) ?? 0) / 1e6 || undefined;
  const [test, retries] = [textsIn(check, "Test") ?? [], integerIn(check, "Retries")];
  const times = {
    intervalMs: ms("Interval"),
    timeoutMs: ms("Timeout"),
    startPeriodMs: ms("StartPeriod"),
    startIntervalMs: ms("StartInterval"),
  };
  const [kind] = test;
  if (kind !== undefined && !["NONE", "CMD", "CMD-SHELL"].includes(kind))
    throw invalid(`Healthcheck.Test: unknown type "${kind}" (known are NONE, CMD and CMD-SHELL)`);
  const given = Object.entries(times).filter((entry): entry is [string, number] => entry[1] !== undefined);
  if (test.length === 0 && given.length === 0 && !retries) return undefined;
  return { ...Object.fromEntries(given), ...(test.length > 0 && { test }), ...(retries ? { retries } : {}) };
}

/** gantry writes one kind of log, which `docker logs` reads. */
function logOf(logConfig: JsonObject, report: RequestReport): ContainerConfig["log"] {
  const driver = textIn(logConfig, "Type") ?? "json-file";
  const options = textMapIn(logConfig, "Config");
  return readLogging(
    { driver: driver === "cri" ? "json-file" : driver, options },
    ["HostConfig", "LogConfig"],
    report,
  );
}

function volumesFrom(text: string): AskedContainer["volumesFrom"][number] {
  const [container = "", mode = "rw", ...rest] = text.split(":");
  if (container === "" || rest.length > 0 || !["rw", "ro"].includes(mode))
    throw invalid(`invalid volumes-from specification: '${text}'`);
  return { container, readOnly: mode === "ro" };
}

/** No path, name or word of a command can hold one, and the kernel would read another text than everybody else. */
function refuseNul(value: unknown): void {
  if (JSON.stringify(value ?? {}).includes("\\u0000")) throw invalid("the body holds a NUL character");
}
