import { GantryError } from "../error.ts";
import { socketsOf } from "./listener.ts";
import type { ListeningSocket, PublishedPort } from "./listener.ts";
import { ProxyRefusal } from "./proxy-control.ts";
import type { ProxyControl } from "./proxy-control.ts";

/** A free port for IPv4 may be taken for IPv6: so often another one is tried. */
const ANY_PORT_ATTEMPTS = 8;

/**
 * Opens the sockets of a port, all of them or none, at `wanted`. Returns the port that all of them have.
 * Throws port.taken, request.invalid for an address this host does not have, permission, kernel.
 */
export async function bindPort(
  control: ProxyControl,
  port: PublishedPort,
  wanted = port.hostPort,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    let number = wanted;
    try {
      for (const socket of socketsOf(port)) number = await bindSocket(control, port, socket, number);
      return number;
    } catch (error) {
      await unbindPort(control, port);
      if (wanted !== 0 || number === 0 || attempt === ANY_PORT_ATTEMPTS) throw error;
    }
  }
}

async function bindSocket(
  control: ProxyControl,
  port: PublishedPort,
  socket: ListeningSocket,
  number: number,
) {
  try {
    return await control.listen(socket.id, port.protocol, socket.address, number);
  } catch (error) {
    if (!(error instanceof ProxyRefusal)) throw error;
    const absent = error.errno === "EAFNOSUPPORT" || error.errno === "EADDRNOTAVAIL";
    if (absent && socket.optional) return number;
    throw explain(error, port, number);
  }
}

function explain(refusal: ProxyRefusal, port: PublishedPort, number: number): GantryError {
  const where = port.hostIp === undefined ? `${number}` : `${port.hostIp}:${number}`;
  const what = `port ${where}/${port.protocol} of service ${port.service}`;
  switch (refusal.errno) {
    case "EADDRINUSE":
      return new GantryError("port.taken", `${what} is taken by another program`, {
        cause: refusal,
        next: `find it with: ss -lnp sport = :${number}; stop it, or publish another port`,
      });
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return new GantryError("request.invalid", `${what}: this host does not have that address`, {
        cause: refusal,
        next: "list its addresses with: ip address",
      });
    case "EACCES":
    case "EPERM":
      return new GantryError("permission", `${what} may not be bound`, {
        cause: refusal,
        next: "run gantry as root",
      });
    default:
      return new GantryError("kernel", `${what}: ${refusal.message} (${refusal.errno})`, { cause: refusal });
  }
}

/** Closes the sockets of a port; connections go on. */
export async function unbindPort(control: ProxyControl, port: PublishedPort): Promise<void> {
  for (const socket of socketsOf(port)) await control.unlisten(socket.id);
}

/** Makes these containers (by address) the whole set behind every socket of a port. */
export async function sendEndpoints(
  control: ProxyControl,
  port: PublishedPort,
  addresses: readonly string[],
): Promise<void> {
  const endpoints = addresses.map((address) =>
    address.includes(":") ? `[${address}]:${port.containerPort}` : `${address}:${port.containerPort}`,
  );
  for (const socket of socketsOf(port)) {
    try {
      await control.endpoints(socket.id, endpoints);
    } catch (error) {
      const missing = error instanceof ProxyRefusal && error.errno === "ENOENT";
      if (!(missing && socket.optional)) throw error;
    }
  }
}
