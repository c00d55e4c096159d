import { isIPv4, isIPv6 } from "node:net";
import type { Port, Service } from "./project.ts";
import type { Path } from "./path.ts";
import type { Report } from "./report.ts";

/** Reports every host port that two services, or two entries of one, want to listen on. */
export function checkPortConflicts(
  services: Readonly<Record<string, Service>>,
  origins: ReadonlyMap<Port, Path>,
  report: Report,
): void {
  const claims = new Map<string, { readonly service: string; readonly port: Port }[]>();
  for (const [service, { ports }] of Object.entries(services)) {
    for (const port of ports) {
      if (port.hostPort === 0) continue;
      const key = `${port.protocol} ${port.hostPort}`;
      const others = claims.get(key) ?? [];
      const other = others.find((claim) => overlap(claim.port.hostIp, port.hostIp));
      const holder = other?.service === service ? "this service" : `service "${other?.service ?? ""}"`;
      if (other !== undefined) {
        const message = `the host port ${port.hostPort}/${port.protocol} is published by ${holder} already`;
        report.error(origins.get(port) ?? ["services", service, "ports"], message);
      }
      claims.set(key, [...others, { service, port }]);
    }
  }
}

/** Undefined listens on every address, `0.0.0.0` and `::` on every one of their family. */
function overlap(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return true;
  if (isIPv4(a) && isIPv4(b)) return a === "0.0.0.0" || b === "0.0.0.0";
  return isIPv6(a) && isIPv6(b) && (a === "::" || b === "::");
}
