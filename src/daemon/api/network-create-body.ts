import { isIP } from "node:net";
import type { NetworkDefinition } from "../../net/definition.ts";
import { booleanIn, type JsonObject, objectOf, textIn } from "./bodies.ts";
import { invalid, NotBuiltError } from "./errors.ts";
import { OPTIONS } from "./network-shape.ts";

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;
const RESERVED = new Set(["host", "none", "default", "container"]);

/** Engine API, NetworkCreateRequest. Throws request.invalid; NotBuiltError for what gantry does not act on. */
export function networkDefinition(raw: unknown): NetworkDefinition {
  const body = objectOf(raw);
  const name = textIn(body, "Name") ?? "";
  if (!NAME.test(name) || RESERVED.has(name)) throw invalid(`"${name}" is not a network's name`);
  const driver = textIn(body, "Driver") ?? "bridge";
  if (driver !== "bridge" && driver !== "default")
    throw invalid(`there is no network driver "${driver}"`, "use bridge");
  if (booleanIn(body, "EnableIPv6")) throw new NotBuiltError("a network with IPv6");
  const subnets = configurations(objectOf(body["IPAM"])).map(readSubnet);
  const mtu = readMtu(objectOf(body["Options"]));
  return {
    name,
    labels: readLabels(objectOf(body["Labels"])),
    internal: booleanIn(body, "Internal"),
    subnets,
    ...(mtu === undefined ? {} : { mtu }),
  };
}

function configurations(ipam: JsonObject): readonly JsonObject[] {
  const list = ipam["Config"] ?? [];
  if (!Array.isArray(list)) throw invalid("IPAM.Config: must be a list");
  return list.map(objectOf).filter((entry) => Object.keys(entry).length > 0);
}

function readSubnet(entry: JsonObject): NetworkDefinition["subnets"][number] {
  const subnet = textIn(entry, "Subnet") ?? "";
  const gateway = textIn(entry, "Gateway");
  if (textIn(entry, "IPRange") !== undefined) throw new NotBuiltError("an IPRange");
  const [address = "", prefix = ""] = subnet.split("/");
  const bits = Number(prefix);
  if (isIP(address) !== 4 || !/^\d{1,2}$/.test(prefix) || bits < 8 || bits > 29)
    throw invalid(`IPAM.Config: "${subnet}" is not an IPv4 subnet between /8 and /29`);
  if (gateway !== undefined && isIP(gateway) !== 4)
    throw invalid(`IPAM.Config: "${gateway}" is not an IPv4 address`);
  return { subnet, ...(gateway === undefined ? {} : { gateway }) };
}

function readMtu(options: JsonObject): number | undefined {
  const text = textIn(options, OPTIONS.mtu);
  if (text === undefined) return undefined;
  const mtu = Number(text);
  if (!Number.isInteger(mtu) || mtu < 576 || mtu > 65_535)
    throw invalid(`${OPTIONS.mtu}: "${text}" is no MTU`);
  return mtu;
}

function readLabels(labels: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.keys(labels).map((key) => [key, textIn(labels, key) ?? ""]));
}
