import { canonicalService } from "./canonical-service.ts";
import type { ServiceMap } from "./service.ts";
import type { CanonicalContext } from "./canonical-service.ts";
import { hostPath } from "./mount.ts";
import { readPairs } from "./pairs.ts";
import type { Pairs } from "./pairs.ts";

export interface CanonicalProject {
  readonly name: string;
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [key: string]: unknown;
}

type Entries = Readonly<Record<string, unknown>>;

/**
 * A project's values in the one form that says everything: long forms, absolute paths, variables of `env_file` among the
 * others, real names of volumes. `value` has passed the schema; only active services are kept.
 */
export function canonicalProject(
  value: Entries,
  context: CanonicalContext & { readonly name: string; readonly active: ReadonlySet<string> },
): CanonicalProject {
  const { services, version: _version, name: _name, ...rest } = value;
  const kept = Object.entries((services ?? {}) as Readonly<Record<string, ServiceMap>>).filter(([name]) =>
    context.active.has(name),
  );
  return {
    name: context.name,
    services: Object.fromEntries(
      kept.map(([name, service]) => [name, canonicalService(name, service, context)]),
    ),
    ...rest,
    ...named(rest, "volumes", context),
    ...named(rest, "networks", context),
    ...withFiles(rest, "configs", "file", context),
    ...withFiles(rest, "secrets", "file", context),
    ...withFiles(rest, "images", "import", context),
  };
}

/** The real name of each, which is the project's and its own unless it says so or is somebody else's. */
function named(
  rest: Entries,
  kind: string,
  { name: project, report }: CanonicalContext & { readonly name: string },
): Entries {
  if (rest[kind] === undefined) return {};
  const entries = Object.entries(rest[kind] as Entries).map(([key, entry]) => {
    const { external, name, labels, ...others } = (entry ?? {}) as Entries & {
      readonly external?: boolean | { readonly name?: string };
      readonly name?: string;
      readonly labels?: Pairs;
    };
    const older = typeof external === "object" ? external.name : undefined;
    const isExternal = typeof external === "object" || external === true;
    const real = name ?? older ?? (isExternal ? key : `${project}_${key}`);
    const labelled =
      labels === undefined ? {} : { labels: readPairs(labels, [kind, key, "labels"], report, () => "") };
    return [key, { name: real, ...(isExternal ? { external: true } : {}), ...others, ...labelled }] as const;
  });
  return { [kind]: Object.fromEntries(entries) };
}

function withFiles(rest: Entries, kind: string, key: string, context: CanonicalContext): Entries {
  if (rest[kind] === undefined) return {};
  const entries = Object.entries(rest[kind] as Entries).map(([name, entry]) => {
    const map = (entry ?? {}) as Entries;
    const path = map[key];
    return [name, typeof path === "string" ? { ...map, [key]: hostPath(path, context) } : map] as const;
  });
  return { [kind]: Object.fromEntries(entries) };
}
