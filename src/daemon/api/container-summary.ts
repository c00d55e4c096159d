import { attachmentsOf } from "../../apply/network-attachments.ts";
import { scopeOf } from "../../apply/scope.ts";
import { networkName } from "../../net/definition.ts";
import type { ObservedContainer } from "../../observe/snapshot.ts";
import type { ContainerPort } from "../../runtime/container.ts";
import { mountPoints } from "./container-mounts.ts";
import { hostAddresses, portKey } from "./container-ports.ts";
import { stateText, statusText } from "./container-status.ts";

/** An element of `GET /containers/json` (Engine API, ContainerSummary). `now` in ms since the epoch. */
export function containerSummary(
  container: ObservedContainer,
  ports: readonly ContainerPort[],
  now: number,
): object {
  const { config } = container;
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: config.image,
    ImageID: container.imageId,
    Command: commandLine(config).join(" "),
    Created: Math.floor(container.createdAt / 1000),
    Ports: [...ports.flatMap(portSummaries), ...exposedOnly(container, ports)],
    Labels: config.labels,
    State: stateText(container, now),
    Status: statusText(container, now),
    HostConfig: { NetworkMode: networkMode(container) },
    NetworkSettings: { Networks: networks(container) },
    Mounts: mountPoints(config.mounts),
  };
}

/** What the user asked to run; empty when it was left to the image. */
export function commandLine(config: ObservedContainer["config"]): readonly string[] {
  return [...(config.entrypoint ?? []), ...(config.command ?? [])];
}

/** The network a container was made in, by its real name; what its namespace is where that is not its own. */
export function networkMode(container: ObservedContainer): string {
  const { config } = container;
  const [first] = attachmentsOf(container);
  return config.namespaces?.network ?? first?.network ?? networkName(scopeOf(container).project);
}

/** NetworkSettings.Networks (Engine API, EndpointSettings), by the network's name. */
export function networks(container: ObservedContainer): Record<string, object> {
  const running = container.state === "running";
  const names = [container.name, ...(container.owner === undefined ? [] : [container.owner.service])];
  const endpoints = attachmentsOf(container).map(({ network, address, aliases = [], hardwareAddress }) => {
    const all = [...new Set([...names, ...aliases])];
    const endpoint = {
      IPAMConfig: null,
      Links: null,
      Aliases: all,
      MacAddress: hardwareAddress ?? "",
      NetworkID: "",
      EndpointID: "",
      Gateway: "",
      IPAddress: running ? address : "",
      IPPrefixLen: running ? 32 : 0,
      IPv6Gateway: "",
      GlobalIPv6Address: "",
      GlobalIPv6PrefixLen: 0,
      DNSNames: all,
    };
    return [network, endpoint] as const;
  });
  return Object.fromEntries(endpoints);
}

/** What it listens on for its neighbours; of one that runs, as docker has it. */
function exposedOnly({ state, config }: ObservedContainer, ports: readonly ContainerPort[]): object[] {
  const published = new Set(ports.map(portKey));
  if (state !== "running") return [];
  return (config.exposed ?? [])
    .filter((port) => !published.has(port))
    .map((port) => ({ PrivatePort: Number.parseInt(port, 10), Type: port.split("/")[1] ?? "tcp" }));
}

function portSummaries(port: ContainerPort): object[] {
  return hostAddresses(port).map((address) => ({
    IP: address,
    PrivatePort: port.containerPort,
    ...(port.hostPort === 0 ? {} : { PublicPort: port.hostPort }),
    Type: port.protocol,
  }));
}
