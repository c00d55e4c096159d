import type { Grant } from "./content-grant.ts";
import type { ContentKind, SourceMap, Sources } from "./contents.ts";

type Uses = { readonly [K in ContentKind]?: readonly Grant[] };

type Maps = Readonly<Record<string, unknown>>;

/** The top-level configs and secrets of a file that the schema has passed. */
export function sourcesIn(value: unknown): Sources {
  const { configs, secrets } = Object(value) as Readonly<
    Record<ContentKind, Readonly<Record<string, SourceMap | undefined>> | undefined>
  >;
  return { configs: configs ?? {}, secrets: secrets ?? {} };
}

/** Whether any of the services mounts it, or is built with it. */
export function usesContent(services: Maps, kind: ContentKind, name: string): boolean {
  return Object.values(services).some((service) => {
    const own = Object(service) as Uses & { readonly build?: Uses | string };
    const built = typeof own.build === "object" ? own.build[kind] : undefined;
    return [...(own[kind] ?? []), ...(built ?? [])].some(
      (grant) => (typeof grant === "string" ? grant : grant.source) === name,
    );
  });
}
