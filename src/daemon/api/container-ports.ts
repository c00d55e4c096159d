import type { ObservedContainer } from "../../observe/snapshot.ts";
import type { ContainerPort } from "../../runtime/container.ts";
import type { Engine } from "../engine.ts";

export type PortsOf = (container: ObservedContainer) => readonly ContainerPort[];

/**
 * The ports published for a container: those of its service, since all replicas answer behind one port, or its own. None
 * for one that does not run.
 */
export function publishedPorts(engine: Engine): PortsOf {
  return (container) => (container.state === "running" ? engine.containers.ports(container) : []);
}

/** Addresses a published port listens on; Docker writes "every address" as one of each family. */
export function hostAddresses(port: ContainerPort): readonly string[] {
  return port.hostIp === undefined ? ["0.0.0.0", "::"] : [port.hostIp];
}

/** `80/tcp` */
export function portKey(port: ContainerPort): string {
  return `${port.containerPort}/${port.protocol}`;
}

/** Docker's PortMap: bindings by `80/tcp`; an ephemeral host port is the empty string. */
export function portMap(ports: readonly ContainerPort[]): Record<string, object[]> {
  const byPort: Record<string, object[]> = {};
  for (const port of ports) {
    const bound = (byPort[portKey(port)] ??= []);
    const HostPort = port.hostPort === 0 ? "" : String(port.hostPort);
    for (const HostIp of hostAddresses(port)) bound.push({ HostIp, HostPort });
  }
  return byPort;
}
