import type { Target } from "./target.ts";

/** The services whose namespaces a service shares. */
export function sharedServices(namespaces: Target["service"]["namespaces"] = {}): readonly string[] {
  return [namespaces.network, namespaces.pid, namespaces.ipc].flatMap((mode) =>
    mode?.startsWith("service:") ? [mode.slice("service:".length)] : [],
  );
}
