import { isDeepStrictEqual } from "node:util";
import { parseDocuments } from "./document.ts";
import { merge, withoutResets } from "./merge.ts";
import { Report } from "./report.ts";
import { resolveDocument } from "./resolve.ts";
import { plainOf } from "./tree.ts";
import type { Tree } from "./tree.ts";

/** The whole file as data, its documents merged, variables left as they are written; undefined if it cannot be read. */
export function effectiveValue(text: string): unknown {
  try {
    const { documents, lines } = parseDocuments(text, "-");
    const report = new Report();
    let model: Tree | undefined;
    for (const document of documents) {
      const tree = resolveDocument({ document, source: { file: "-", lines } }, report, (written) => written);
      if (tree === undefined) return undefined;
      model = model === undefined ? tree : merge(model, tree, "");
    }
    return report.failed || model === undefined ? undefined : plainOf(withoutResets(model));
  } catch {
    return undefined;
  }
}

/** Whether two files differ in nothing but this service's number of replicas. */
export function isOnlyChange(before: unknown, after: unknown, service: string, replicas: number): boolean {
  const edited = serviceOf(after, service);
  if (edited === undefined) return false;
  const deploy = Object(edited["deploy"] ?? {}) as Readonly<Record<string, unknown>>;
  const written = [deploy["replicas"], edited["scale"]].filter((value) => value !== undefined);
  if (written.length === 0 || written.some((value) => value !== replicas)) return false;
  return isDeepStrictEqual(withoutReplicas(before, service), withoutReplicas(after, service));
}

function withoutReplicas(value: unknown, service: string): unknown {
  const copy = structuredClone(value);
  const map: Record<string, unknown> | undefined = serviceOf(copy, service);
  if (map === undefined) return copy;
  delete map["scale"];
  const deploy = map["deploy"] as Record<string, unknown> | null | undefined;
  if (deploy !== null && typeof deploy === "object") delete deploy["replicas"];
  if (deploy === null || (deploy !== undefined && Object.keys(deploy).length === 0)) delete map["deploy"];
  return copy;
}

/** A service of a file as data; undefined where there is none. */
export function serviceOf(value: unknown, service: string): Readonly<Record<string, unknown>> | undefined {
  const services = recordOf(recordOf(value)?.["services"]);
  return services !== undefined && Object.hasOwn(services, service) ? recordOf(services[service]) : undefined;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
