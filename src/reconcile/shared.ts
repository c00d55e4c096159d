import type { Step } from "./action.ts";
import type { Target } from "./target.ts";

/**
 * The same steps, those that start a container after those that start the containers whose namespaces it shares. A
 * spec in which services share in a circle is refused before it gets here.
 */
export function inSharingOrder(steps: readonly Step[], targets: readonly Target[]): Step[] {
  const sharing = new Map(
    targets.flatMap(({ name, service }) => {
      const services = sharedServices(service.namespaces);
      return services.length === 0 ? [] : [[name, services] as const];
    }),
  );
  if (sharing.size === 0) return [...steps];
  const starting = steps.filter(({ action }) => STARTS.has(action.kind));
  return steps.map((step) => {
    const services = STARTS.has(step.action.kind) ? sharing.get(serviceOf(step)) : undefined;
    if (services === undefined) return step;
    const first = starting.filter((other) => services.includes(serviceOf(other))).map(({ key }) => key);
    return { ...step, after: [...new Set([...step.after, ...first])] };
  });
}

const STARTS: ReadonlySet<string> = new Set(["create", "start", "replace"]);

/** `web` of the subject `web.3`. */
function serviceOf({ subject }: Step): string {
  return subject.slice(0, subject.lastIndexOf("."));
}

function sharedServices(namespaces: Target["service"]["namespaces"] = {}): readonly string[] {
  return [namespaces.network, namespaces.pid, namespaces.ipc].flatMap((mode) =>
    mode?.startsWith("service:") ? [mode.slice("service:".length)] : [],
  );
}
