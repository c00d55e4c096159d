import type { ContainerNetwork } from "../../../runtime/container.ts";
import { booleanIn, type JsonObject, objectIn, textIn, textsIn } from "../bodies.ts";
import { NotBuiltError } from "../errors.ts";

/** Whose network namespace a container has, or which networks it is in; neither for the default one. */
export interface Networking {
  /** `none`, `host`, `container:X` */
  readonly mode?: string;
  readonly networks?: readonly ContainerNetwork[];
}

/** NetworkMode and NetworkingConfig. Throws NotBuiltError for settings that no network here has. */
export function networkingOf(body: JsonObject, hostConfig: JsonObject): Networking {
  if (booleanIn(body, "NetworkDisabled")) return { mode: "none" };
  const mode = textIn(hostConfig, "NetworkMode") ?? "default";
  const endpoints = objectIn(objectIn(body, "NetworkingConfig"), "EndpointsConfig");
  const named = Object.keys(endpoints).filter((name) => !isDefault(name) && name !== mode);
  if (mode === "none" || mode === "host" || mode.startsWith("container:")) {
    if (named.length > 0) throw new NotBuiltError(`network ${named.join(", ")} beside ${mode}`);
    return { mode };
  }
  if (isDefault(mode) && named.length === 0) {
    for (const name of Object.keys(endpoints)) refuseSettings(name, objectIn(endpoints, name), []);
    return {};
  }
  if (isDefault(mode))
    throw new NotBuiltError(`a further network (${named.join(", ")}) beside the default one`);
  return { networks: [mode, ...named].map((name) => network(name, objectIn(endpoints, name))) };
}

function network(name: string, settings: JsonObject): ContainerNetwork {
  refuseSettings(name, settings, ["Aliases", "IPAMConfig", "MacAddress", "DNSNames"]);
  const addresses = objectIn(settings, "IPAMConfig");
  refuseSettings(name, addresses, ["IPv4Address"]);
  const [address, hardwareAddress] = [textIn(addresses, "IPv4Address"), textIn(settings, "MacAddress")];
  const aliases = textsIn(settings, "Aliases") ?? [];
  return {
    name,
    ...(aliases.length > 0 && { aliases }),
    ...(address !== undefined && { address }),
    ...(hardwareAddress !== undefined && { hardwareAddress }),
  };
}

function refuseSettings(name: string, settings: JsonObject, known: readonly string[]): void {
  for (const [key, value] of Object.entries(settings))
    if (!known.includes(key) && !isEmpty(value)) throw new NotBuiltError(`${key} of network ${name}`);
}

function isDefault(name: string): boolean {
  return name === "default" || name === "bridge";
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === "" || value === 0) return true;
  return typeof value === "object" && Object.values(value).every(isEmpty);
}
