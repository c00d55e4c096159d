import { portOfSocket } from "../net/listener.ts";
import type { SocketStatus } from "../net/proxy-control.ts";
import type { PortUsage } from "./protocol.ts";

/** What goes through each published port, both address families together; sorted as the proxy lists them. Pure. */
export function portUsage(status: readonly SocketStatus[]): readonly PortUsage[] {
  const ports = new Map<string, PortUsage>();
  for (const socket of status) {
    const port = portOfSocket(socket.id);
    if (port === undefined || !socket.open) continue;
    const { project, service, protocol, hostIp, containerPort } = port;
    const key = socket.id.replace(/\/[46]$/, "");
    const before = ports.get(key);
    const open = socket.endpoints.reduce((sum, { connections }) => sum + connections, 0);
    ports.set(key, {
      project,
      service,
      protocol,
      ...(hostIp === undefined ? {} : { hostIp }),
      hostPort: socket.port,
      containerPort,
      endpoints: socket.endpoints.filter(({ leaving }) => !leaving).length,
      open: (before?.open ?? 0) + open,
      held: (before?.held ?? 0) + socket.held,
      accepted: (before?.accepted ?? 0) + (socket.accepted ?? 0),
      receivedBytes: (before?.receivedBytes ?? 0) + (socket.received ?? 0),
      sentBytes: (before?.sentBytes ?? 0) + (socket.sent ?? 0),
      failed: (before?.failed ?? 0) + (socket.failed ?? 0),
    });
  }
  return [...ports.values()];
}
