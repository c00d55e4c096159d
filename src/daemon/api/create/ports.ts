import type { ContainerPort } from "../../../runtime/container.ts";
import { readPorts } from "../../../spec/port.ts";
import { type JsonObject, objectIn, objectOf, textIn } from "../bodies.ts";
import { invalid, NotBuiltError } from "../errors.ts";
import type { RequestReport } from "./request-report.ts";

/** HostConfig.PortBindings: `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`; without a host port, any free one. */
export function portsOf(hostConfig: JsonObject, report: RequestReport): readonly ContainerPort[] {
  return Object.entries(objectIn(hostConfig, "PortBindings")).flatMap(([key, bindings]) => {
    const { target, protocol } = readKey(key);
    if (bindings !== null && !Array.isArray(bindings)) throw invalid(`PortBindings.${key}: must be a list`);
    const listed: readonly unknown[] = Array.isArray(bindings) && bindings.length > 0 ? bindings : [{}];
    return listed.flatMap((one) => {
      const binding = objectOf(one);
      const published = textIn(binding, "HostPort");
      const address = textIn(binding, "HostIp");
      const map = {
        target,
        protocol,
        ...(published !== undefined && { published }),
        ...(address !== undefined && address !== "0.0.0.0" && { host_ip: address }),
      };
      return report.attempt(["HostConfig", "PortBindings", key], () => readPorts(map)) ?? [];
    });
  });
}

/** Config.ExposedPorts, sorted: `80/tcp`. */
export function exposedOf(config: JsonObject): readonly string[] {
  const keys = Object.keys(objectIn(config, "ExposedPorts"));
  return keys
    .map(readKey)
    .map(({ target, protocol }) => `${target}/${protocol}`)
    .sort();
}

function readKey(key: string): { readonly target: number; readonly protocol: "tcp" | "udp" } {
  const [, digits, protocol = "tcp"] = /^(\d{1,5})(?:\/([a-z]+))?$/.exec(key) ?? [];
  const target = Number(digits);
  if (digits === undefined || target < 1 || target > 65_535) throw invalid(`invalid port "${key}"`);
  if (protocol === "sctp") throw new NotBuiltError("publishing SCTP ports");
  if (protocol !== "tcp" && protocol !== "udp") throw invalid(`invalid protocol in "${key}"`);
  return { target, protocol };
}
