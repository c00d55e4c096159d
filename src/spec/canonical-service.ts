import { hostPath, readMount } from "./mount.ts";
import type { MountMap } from "./mount.ts";
import { readPairs } from "./pairs.ts";
import type { Pairs } from "./pairs.ts";
import type { Path } from "./path.ts";
import { readPorts } from "./port.ts";
import type { PortMap } from "./port.ts";
import type { Report } from "./report.ts";
import type { ServiceFiles } from "./service-files.ts";
import type { ServiceMap } from "./service.ts";
import { splitWords } from "./words.ts";

export interface CanonicalContext {
  readonly workingFolder: string;
  readonly home: string | undefined;
  readonly report: Report;
  readonly lookup: (name: string) => string | undefined;
  readonly serviceFiles: ReadonlyMap<string, ServiceFiles>;
}

type Convert = (value: never, path: Path, context: CanonicalContext) => unknown;

/** How each key reads in its long form; the others have one form. */
const KEYS: Readonly<Record<string, Convert>> = {
  annotations: pairs,
  build: (value: string | Readonly<Record<string, unknown>>, path, context) => {
    const map = typeof value === "string" ? { context: value } : value;
    const folder = typeof map["context"] === "string" ? map["context"] : ".";
    const remote = /^([a-z][a-z0-9+.-]*:|git@|github\.com\/)/.test(folder);
    return {
      ...map,
      context: remote ? folder : hostPath(folder, context),
      ...(map["args"] === undefined ? {} : { args: pairs(map["args"] as Pairs, [...path, "args"], context) }),
      ...(map["labels"] === undefined
        ? {}
        : { labels: pairs(map["labels"] as Pairs, [...path, "labels"], context) }),
    };
  },
  command: words,
  configs: grants,
  depends_on: (value: readonly string[] | Readonly<Record<string, object>>) =>
    isList(value)
      ? Object.fromEntries(value.map((name) => [name, { condition: "service_started", required: true }]))
      : Object.fromEntries(
          Object.entries(value).map(([name, how]) => [
            name,
            { condition: "service_started", required: true, ...how },
          ]),
        ),
  dns: list,
  dns_search: list,
  entrypoint: words,
  expose: (value: readonly (string | number)[]) => value.map(String),
  extra_hosts: (value: readonly string[] | Readonly<Record<string, string | readonly string[]>>) =>
    isList(value)
      ? value.map((entry) => entry.replace(/^([^:=]+):/, "$1="))
      : Object.entries(value).flatMap(([name, addresses]) =>
          [addresses].flat().map((address) => `${name}=${address}`),
        ),
  healthcheck: (value: Readonly<Record<string, unknown>>) =>
    typeof value["test"] === "string" ? { ...value, test: ["CMD-SHELL", value["test"]] } : value,
  networks: (value: readonly string[] | Readonly<Record<string, unknown>>) =>
    isList(value) ? Object.fromEntries(value.map((name) => [name, null])) : value,
  ports: (value: readonly (string | number | PortMap)[]) =>
    value.flatMap((entry) =>
      readPorts(entry).map(({ hostIp, hostPort, containerPort, protocol }) => ({
        mode: "ingress",
        ...(hostIp === undefined ? {} : { host_ip: hostIp }),
        target: containerPort,
        ...(hostPort === 0 ? {} : { published: String(hostPort) }),
        protocol,
      })),
    ),
  secrets: grants,
  sysctls: pairs,
  tmpfs: list,
  volumes_from: (value: readonly string[]) =>
    value.map((entry) => entry.replace(/^service:/, "").replace(/:rw$/, "")),
  volumes: (value: readonly (string | MountMap)[], _path, context) =>
    value.map((entry) => canonicalMount(entry, context)),
};

/** A service in its long form: what `env_file` and `label_file` say is among the variables and labels, and they are gone. */
export function canonicalService(
  name: string,
  service: ServiceMap,
  context: CanonicalContext,
): Readonly<Record<string, unknown>> {
  const path = ["services", name];
  const files = context.serviceFiles.get(name);
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(service)) {
    if (key === "env_file" || key === "label_file" || value === undefined) continue;
    const convert = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    result[key] = convert === undefined ? value : convert(value as never, [...path, key], context);
  }
  const environment = {
    ...files?.environment,
    ...readPairs(service.environment, [...path, "environment"], context.report, context.lookup),
  };
  const labels = {
    ...files?.labels,
    ...readPairs(service.labels, [...path, "labels"], context.report, () => ""),
  };
  delete result["environment"];
  delete result["labels"];
  if (Object.keys(environment).length > 0) result["environment"] = environment;
  if (Object.keys(labels).length > 0) result["labels"] = labels;
  return result;
}

function pairs(value: Pairs, path: Path, { report }: CanonicalContext): unknown {
  return readPairs(value, path, report, () => "");
}

function words(
  value: string | readonly (string | number | boolean)[] | null,
  path: Path,
  { report }: CanonicalContext,
): unknown {
  if (value === null) return null;
  if (typeof value === "string") return splitWords(value);
  return value.map((word, index) => report.writtenNumber([...path, index]) ?? String(word));
}

function list(value: string | readonly string[]): unknown {
  return typeof value === "string" ? [value] : value;
}

function grants(value: readonly (string | object)[]): unknown {
  return value.map((grant) => (typeof grant === "string" ? { source: grant } : grant));
}

/** The long form of a mount; of one in its long form only the path changes. */
function canonicalMount(entry: string | MountMap, context: CanonicalContext): unknown {
  if (typeof entry !== "string") {
    if (entry.type !== "bind" || entry.source === undefined) return entry;
    return { ...entry, source: hostPath(entry.source, context) };
  }
  const mount = readMount(entry, {
    ...context,
    volumeName: (key) => key,
    volumeDevice: () => undefined,
    writtenMode: undefined,
    unbuilt: () => undefined,
  });
  if (mount.type === "tmpfs") return mount;
  const { type, source, target, readOnly } = mount;
  return {
    type,
    ...(source === undefined ? {} : { source }),
    target,
    ...(readOnly ? { read_only: true } : {}),
    ...(mount.type === "bind" ? { bind: { create_host_path: true } } : {}),
  };
}

function isList<T>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}
