import { createHash } from "node:crypto";
import { GantryError, messageOf } from "../error.ts";
import { readJson } from "../host/durable.ts";
import { gatewayOf } from "./allocate.ts";
import { defaultNetwork, type NetworkDefinition } from "./definition.ts";
import { formatAddress, parseAddress, parseSubnet } from "./ipv4.ts";

/** A network as `<root>/networks/<name>.json` has it. */
export interface NetworkRecord extends NetworkDefinition {
  readonly id: string;
  readonly createdAt: number;
  /** `10.208.16.0/20` */
  readonly subnet: string;
  readonly gateway: string;
}

/** Reads one. `outdated`: it is in the form of gantry 0.1, `{project, subnet}`, and under another name. Throws internal. */
export async function readRecord(
  path: string,
): Promise<{ readonly record: NetworkRecord; readonly outdated: boolean }> {
  try {
    const value = (await readJson(path)) as Partial<NetworkRecord> | null | undefined;
    if (typeof value?.subnet !== "string") throw new TypeError("subnet is missing");
    const subnet = parseSubnet(value.subnet);
    if (typeof value.name === "string" && typeof value.gateway === "string" && typeof value.id === "string") {
      parseAddress(value.gateway);
      return { record: value as NetworkRecord, outdated: false };
    }
    if (typeof value.project !== "string") throw new TypeError("name or project is missing");
    const id = createHash("sha256").update(`${path}\0${value.subnet}`).digest("hex");
    const gateway = formatAddress(gatewayOf(subnet));
    const record = {
      ...defaultNetwork(value.project),
      id,
      createdAt: Date.now(),
      subnet: value.subnet,
      gateway,
    };
    return { record, outdated: true };
  } catch (error) {
    throw new GantryError("internal", `${path} is not a network's record: ${messageOf(error)}`, {
      cause: error,
      next: "remove the file; the project gets a new network at its next apply",
    });
  }
}
