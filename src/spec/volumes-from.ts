import type { Mount, Service } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { didYouMean } from "./suggest.ts";

interface Keys {
  readonly volumes_from?: readonly string[];
}

/**
 * Services with the mounts of those that their `volumes_from` names (`web`, `web:ro`), their own winning at the same
 * target. What is wrong goes to the report.
 */
export function withVolumesFrom(
  services: Readonly<Record<string, Service>>,
  maps: Readonly<Record<string, Keys | undefined>>,
  report: Report,
): Readonly<Record<string, Service>> {
  const done = new Map<string, Service>();
  const open: string[] = [];
  const complete = (name: string): Service => {
    const known = done.get(name);
    const service = services[name];
    if (known !== undefined || service === undefined) return known ?? missing(name);
    if (open.includes(name))
      throw new InvalidValue(`circular: ${[...open.slice(open.indexOf(name)), name].join(" -> ")}`);
    open.push(name);
    let result = service;
    for (const [index, entry] of (maps[name]?.volumes_from ?? []).entries())
      report.attempt(["services", name, "volumes_from", index], () => {
        result = withMounts(result, mountsOf(entry, services, complete));
      });
    open.pop();
    done.set(name, result);
    return result;
  };
  return Object.fromEntries(Object.keys(services).map((name) => [name, complete(name)]));
}

/** The services whose mounts a service takes over. */
export function volumesFromOf(map: Keys | undefined): readonly string[] {
  return (map?.volumes_from ?? []).map((entry) => partsOf(entry)[0] ?? "");
}

/** `web`, `web:ro`, and with `service:` in front, as docker-compose 1 printed it. */
function partsOf(entry: string): readonly string[] {
  return entry.replace(/^service:/, "").split(":");
}

function mountsOf(
  entry: string,
  services: Readonly<Record<string, Service>>,
  complete: (name: string) => Service,
): readonly Mount[] {
  const [name = "", mode = "rw"] = partsOf(entry);
  if (name === "container")
    throw new InvalidValue(
      "containers outside of the project cannot be named; mount the volumes by their names",
    );
  if (mode !== "rw" && mode !== "ro")
    throw new InvalidValue(`expected SERVICE, SERVICE:ro or SERVICE:rw, got "${entry}"`);
  if (!Object.hasOwn(services, name))
    throw new InvalidValue(`there is no service "${name}"${didYouMean(name, Object.keys(services))}`);
  return complete(name).mounts.flatMap((mount): Mount[] => {
    if (mount.type === "tmpfs") return [];
    if (mount.type === "volume" && mount.source === undefined)
      throw new InvalidValue(`the volume at ${mount.target} of ${name} has no name; give it one to share it`);
    return [mode === "ro" ? { ...mount, readOnly: true } : mount];
  });
}

function withMounts(service: Service, mounts: readonly Mount[]): Service {
  const own = new Set(service.mounts.map(({ target }) => target));
  return { ...service, mounts: [...service.mounts, ...mounts.filter(({ target }) => !own.has(target))] };
}

function missing(name: string): never {
  throw new InvalidValue(`there is no service "${name}"`);
}
