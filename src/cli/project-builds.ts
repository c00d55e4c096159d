import { GantryError } from "../error.ts";
import type { ProjectBuild } from "../spec/build.ts";
import type { Project } from "../spec/project.ts";
import { buildImage, type BuildOutput, type ImageBuild } from "./build-image.ts";
import { type Client, segment } from "./client.ts";
import { say, type Context } from "./context.ts";

/**
 * Builds images of a project, one after another, those first that others are built on. `wanted` says which; the others are
 * taken as they are. Throws what a build throws, and spec.invalid for builds that need one another.
 */
export async function buildProject(
  context: Context,
  client: Client,
  { project, builds }: { readonly project: Project; readonly builds: readonly ProjectBuild[] },
  wanted: (build: ProjectBuild) => Promise<boolean>,
  output: BuildOutput,
  signal: AbortSignal,
): Promise<void> {
  for (const build of inOrder(project, builds)) {
    if (!(await wanted(build))) continue;
    say(context, `building ${build.image}`);
    await buildImage(context, client, asAsked(context, project, build), output, signal);
  }
}

/** Whether an image is on this machine. */
export async function isThere(client: Client, image: string): Promise<boolean> {
  try {
    await client.json("GET", `/images/${segment(image)}/json`);
    return true;
  } catch (error) {
    if (error instanceof GantryError && error.code === "image.not-found") return false;
    throw error;
  }
}

/** Each image once, after those whose files it copies. */
function inOrder(project: Project, builds: readonly ProjectBuild[]): readonly ProjectBuild[] {
  const byImage = new Map(builds.map((build) => [build.image, build]));
  const done = new Set<string>();
  const sorted: ProjectBuild[] = [];
  const visit = (build: ProjectBuild, above: readonly string[]): void => {
    if (above.includes(build.image))
      throw new GantryError(
        "spec.invalid",
        `images are built on one another: ${[...above, build.image].join(" -> ")}`,
      );
    if (done.has(build.image)) return;
    for (const source of Object.values(build.contexts)) {
      const below = "service" in source ? byImage.get(imageOf(project, source.service)) : undefined;
      if (below !== undefined) visit(below, [...above, build.image]);
    }
    done.add(build.image);
    sorted.push(build);
  };
  for (const build of byImage.values()) visit(build, []);
  return sorted;
}

function imageOf({ services }: Project, service: string): string {
  const found = Object.hasOwn(services, service) ? services[service]?.image : undefined;
  if (found !== undefined) return found;
  throw new GantryError("spec.invalid", `additional_contexts: there is no service ${service}`, {
    next: `it has: ${Object.keys(services).join(", ")}`,
  });
}

function asAsked({ env }: Context, project: Project, build: ProjectBuild): ImageBuild {
  const { context, contexts, secrets, agents, tags, extraHosts, ulimits, image, always: _, ...same } = build;
  return {
    ...same,
    context: { folder: context },
    names: [image, ...tags],
    extraHosts: extraHosts.map(({ name, address }) => `${name}:${address}`),
    ...(ulimits === undefined
      ? {}
      : {
          ulimits: Object.entries(ulimits).map(([Name, { soft, hard }]) => ({
            Name,
            Soft: soft,
            Hard: hard,
          })),
        }),
    secrets: secrets.map(({ id, bytes }) => ({ id, base64: Buffer.from(bytes).toString("base64") })),
    agents: agents.map(({ id, socket = env["SSH_AUTH_SOCK"] ?? "" }) => ({ id, socket })),
    contexts: Object.fromEntries(
      Object.entries(contexts).map(([name, source]) => [
        name,
        "service" in source ? { image: imageOf(project, source.service) } : source,
      ]),
    ),
  };
}
