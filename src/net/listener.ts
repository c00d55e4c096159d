import { isIP } from "node:net";
import { GantryError } from "../error.ts";

/** A host port that the proxy serves for a project's service. */
export interface PublishedPort {
  readonly project: string;
  readonly service: string;
  readonly protocol: "tcp" | "udp";
  /** Undefined: every address, IPv4 and IPv6. */
  readonly hostIp?: string;
  /** 0: any free one. */
  readonly hostPort: number;
  readonly containerPort: number;
}

/** A socket of the proxy's. A port on every address needs two, one per family. */
export interface ListeningSocket {
  readonly id: string;
  readonly address: string;
  /** It may be missing where the machine has no IPv6. */
  readonly optional: boolean;
}

/** What names a port in the table: `shop/web/tcp/<host address or *>/8080/80`. */
export function listenerId(port: PublishedPort): string {
  const { project, service, protocol, hostIp, hostPort, containerPort } = port;
  return [project, service, protocol, hostIp ?? "*", hostPort, containerPort].join("/");
}

/** The sockets that make a port. Throws request.invalid for a port or an address that is none. */
export function socketsOf(port: PublishedPort): readonly ListeningSocket[] {
  const id = listenerId(port);
  const ports = [port.hostPort, port.containerPort];
  if (
    ports.some((number) => !Number.isInteger(number) || number < 0 || number > 65535) ||
    port.containerPort === 0
  )
    throw new GantryError(
      "request.invalid",
      `port ${port.hostPort}:${port.containerPort} is not between 1 and 65535`,
    );
  if (!/^[A-Za-z0-9._-]+$/.test(port.project) || !/^[A-Za-z0-9._-]+$/.test(port.service) || id.length > 250)
    throw new GantryError("request.invalid", `"${port.project}/${port.service}" does not name a service`);
  if (port.hostIp === undefined)
    return [
      { id: `${id}/4`, address: "0.0.0.0", optional: false },
      { id: `${id}/6`, address: "::", optional: true },
    ];
  const family = isIP(port.hostIp);
  if (family === 0 || port.hostIp.includes("%"))
    throw new GantryError("request.invalid", `"${port.hostIp}" is not an address to listen on`);
  return [{ id: `${id}/${family}`, address: port.hostIp, optional: false }];
}

/** The port whose socket has this id; undefined for an id that this version of gantry did not make. */
export function portOfSocket(socketId: string): PublishedPort | undefined {
  const [project, service, protocol, hostIp, hostPort, containerPort, family, ...rest] = socketId.split("/");
  if (project === undefined || service === undefined || hostIp === undefined || rest.length > 0)
    return undefined;
  if ((protocol !== "tcp" && protocol !== "udp") || (family !== "4" && family !== "6")) return undefined;
  const port: PublishedPort = {
    project,
    service,
    protocol,
    ...(hostIp === "*" ? {} : { hostIp }),
    hostPort: Number(hostPort),
    containerPort: Number(containerPort),
  };
  try {
    return socketsOf(port).some((socket) => socket.id === socketId) ? port : undefined;
  } catch {
    return undefined;
  }
}
