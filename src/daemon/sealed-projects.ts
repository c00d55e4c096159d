import type { Contents } from "../runtime/contents.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import type { Project } from "../spec/project.ts";
import type { Engine } from "./engine.ts";

/**
 * Takes what configs and secrets hold out of the projects that come in, so that nothing behind this ever sees them: they
 * are kept encrypted, and the project refers to them by names that tell nothing.
 */
export function sealedProjects(projects: Engine["projects"], contents: Contents): Engine["projects"] {
  return {
    ...projects,
    plan: async (name, project) =>
      projects.plan(name, project && (await seal(project, (bytes) => contents.nameOf(bytes)))),
    apply: (project, options) =>
      (async function* () {
        yield* projects.apply(await seal(project, (bytes) => contents.put(bytes)), options);
      })(),
  };
}

async function seal(project: Project, keep: (bytes: Uint8Array) => Promise<string>): Promise<Project> {
  const { contents, ...rest } = project;
  if (contents === undefined) return project;
  const names = new Map<string, string>();
  for (const [digest, text] of Object.entries(contents))
    names.set(digest, await keep(Buffer.from(text, "base64")));
  const services = Object.entries(project.services).map(([name, service]) => {
    const named = service.contents?.map((content) => ({
      ...content,
      digest: names.get(content.digest) ?? content.digest,
    }));
    return [name, named === undefined ? service : { ...service, contents: named }] as const;
  });
  return { ...rest, services: Object.fromEntries(services) };
}

/** The names of every content that these refer to. */
export function contentsOf(
  projects: readonly Project[],
  records: readonly ContainerRecord[] = [],
): ReadonlySet<string> {
  const services = projects.flatMap((project) => Object.values(project.services));
  const all = [...services, ...records.map(({ config }) => config)];
  return new Set(all.flatMap(({ contents = [] }) => contents.map(({ digest }) => digest)));
}
