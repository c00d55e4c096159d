import type { ObservedContainer } from "../../observe/snapshot.ts";
import type { Port } from "../../spec/project.ts";
import { mountPoints } from "./container-mounts.ts";
import { hostAddresses } from "./container-ports.ts";
import { stateText, statusText } from "./container-status.ts";

/** An element of `GET /containers/json` (Engine API, ContainerSummary). `now` in ms since the epoch. */
export function containerSummary(container: ObservedContainer, ports: readonly Port[], now: number): object {
  const { config, owner } = container;
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: config.image,
    ImageID: container.imageId,
    Command: commandLine(config).join(" "),
    Created: Math.floor(container.createdAt / 1000),
    Ports: ports.flatMap(portSummaries),
    Labels: config.labels,
    State: stateText(container),
    Status: statusText(container, now),
    HostConfig: { NetworkMode: networkName(owner?.project) },
    NetworkSettings: { Networks: networks(container) },
    Mounts: mountPoints(config.mounts),
  };
}

/** What the user asked to run; empty when it was left to the image. */
export function commandLine(config: ObservedContainer["config"]): readonly string[] {
  return [...(config.entrypoint ?? []), ...(config.command ?? [])];
}

/** A project's network by the name Compose gives it. */
export function networkName(project: string | undefined): string {
  return project === undefined ? "none" : `${project}_default`;
}

/** NetworkSettings.Networks: the project's network and the address in it. */
export function networks(container: ObservedContainer): Record<string, object> {
  const { owner, address } = container;
  if (owner === undefined || address === undefined) return {};
  const running = container.state === "running";
  const endpoint = {
    IPAMConfig: null,
    Links: null,
    Aliases: [container.name, owner.service],
    MacAddress: "",
    NetworkID: "",
    EndpointID: "",
    Gateway: "",
    IPAddress: running ? address : "",
    IPPrefixLen: running ? 32 : 0,
    IPv6Gateway: "",
    GlobalIPv6Address: "",
    GlobalIPv6PrefixLen: 0,
    DNSNames: [container.name, owner.service],
  };
  return { [networkName(owner.project)]: endpoint };
}

function portSummaries(port: Port): object[] {
  return hostAddresses(port).map((address) => ({
    IP: address,
    PrivatePort: port.containerPort,
    ...(port.hostPort === 0 ? {} : { PublicPort: port.hostPort }),
    Type: port.protocol,
  }));
}
