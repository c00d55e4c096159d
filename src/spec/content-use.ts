import type { Grant } from "./content-grant.ts";
import type { ContentKind, SourceMap, Sources } from "./contents.ts";

type Maps = Readonly<Record<string, unknown>>;

/** The top-level configs and secrets of a file that the schema has passed. */
export function sourcesIn(value: unknown): Sources {
  const { configs, secrets } = Object(value) as Readonly<
    Record<ContentKind, Readonly<Record<string, SourceMap | undefined>> | undefined>
  >;
  return { configs: configs ?? {}, secrets: secrets ?? {} };
}

/** Whether any of the services mounts it. */
export function usesContent(services: Maps, kind: ContentKind, name: string): boolean {
  return Object.values(services).some((service) => {
    const grants = (Object(service) as Readonly<Record<ContentKind, readonly Grant[] | undefined>>)[kind];
    return (grants ?? []).some((grant) => (typeof grant === "string" ? grant : grant.source) === name);
  });
}
