import type { Path } from "./path.ts";
import type { Namespaces } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { didYouMean } from "./suggest.ts";

/** The keys of a service that say which namespaces its containers share. */
export interface NamespaceKeys {
  readonly network_mode?: string;
  readonly pid?: string;
  readonly ipc?: string;
  readonly uts?: string;
  readonly cgroup?: string;
  readonly userns_mode?: string;
}

interface Rule {
  readonly key: keyof NamespaceKeys;
  readonly field: keyof Namespaces;
  readonly modes: readonly string[];
  /** What says no more than the default does. */
  readonly plain: readonly string[];
  readonly services: boolean;
}

const RULES: readonly Rule[] = [
  {
    key: "network_mode",
    field: "network",
    modes: ["none", "host"],
    plain: ["bridge", "default"],
    services: true,
  },
  { key: "pid", field: "pid", modes: ["host"], plain: ["private"], services: true },
  { key: "ipc", field: "ipc", modes: ["host"], plain: ["private", "shareable"], services: true },
  { key: "uts", field: "uts", modes: ["host"], plain: ["private"], services: false },
  { key: "cgroup", field: "cgroup", modes: ["host"], plain: ["private"], services: false },
  { key: "userns_mode", field: "user", modes: ["host"], plain: ["private"], services: false },
];

/**
 * The namespaces that are not the containers' own; undefined where all are. `services`: the names the file has;
 * `containers`: any container may be named, too.
 */
export function readNamespaces(
  map: NamespaceKeys,
  path: Path,
  report: Report,
  services: readonly string[],
  containers = false,
): Namespaces | undefined {
  const own = String(path.at(-1));
  const found: Record<string, string> = {};
  for (const rule of RULES) {
    const text = map[rule.key];
    if (text === undefined) continue;
    const mode = report.attempt([...path, rule.key], () =>
      readMode(text, rule, containers ? undefined : services, own),
    );
    if (mode !== undefined) found[rule.field] = mode;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

function readMode(
  text: string,
  { key, modes, plain, services: sharing }: Rule,
  services: readonly string[] | undefined,
  own: string,
): string | undefined {
  if (plain.includes(text)) return undefined;
  if (modes.includes(text)) return text;
  const [kind, name = ""] = text.split(":", 2);
  if (sharing && kind === "container" && services === undefined && name !== "") return text;
  if (sharing && kind === "service" && services !== undefined) {
    if (name === own) throw new InvalidValue(`the service "${name}" cannot share with itself`);
    if (!services.includes(name))
      throw new InvalidValue(`there is no service "${name}"${didYouMean(name, services)}`);
    return text;
  }
  if (sharing && kind === "container" && services !== undefined)
    throw new InvalidValue(`${key}: container:NAME is not built yet; service:NAME is`);
  const known = [
    ...modes,
    ...plain,
    ...(sharing ? [services === undefined ? "container:NAME" : "service:NAME"] : []),
  ];
  throw new InvalidValue(`unknown mode "${text}" (known are ${known.join(", ")})`);
}
