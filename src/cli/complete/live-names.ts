import { Client } from "../client.ts";
import type { Context } from "../context.ts";
import { filters, nameOf, type ContainerSummary, type ImageSummary, type VolumeDetail } from "../docker.ts";
import type { SpecFlags } from "../spec-flags.ts";

/** Somebody waits with a finger on the key: after so long, no names are better than late ones. */
const DEADLINE_MS = 2000;

/** Where names come from. */
export interface Asked {
  readonly context: Context;
  /** The flags so far, which may name a project. */
  readonly flags: SpecFlags;
  /** The verb the names are for. */
  readonly verb: string;
}

/** Verbs that say nothing to a container without processes. */
const ONLY_RUNNING = new Set(["attach", "exec", "kill", "pause", "stats", "stop", "top"]);

/** Names of what there is at the moment, by what help calls it. Each may throw: then there are no names. */
export const LIVE_NAMES: Readonly<Record<string, (asked: Asked) => Promise<readonly string[]>>> = {
  container: containers,
  service: services,
  "service=n": async (asked) => (await services(asked)).map((name) => `${name}=`),
  image: async (asked) =>
    (await get<readonly ImageSummary[]>(asked, "/images/json")).flatMap(({ RepoTags }) => RepoTags ?? []),
  network: async (asked) =>
    (await get<readonly { readonly Name: string }[]>(asked, "/networks")).map(({ Name }) => Name),
  volume: async (asked) =>
    (await get<{ readonly Volumes: readonly VolumeDetail[] }>(asked, "/volumes")).Volumes.map(
      ({ Name }) => Name,
    ),
  project: async (asked) =>
    (await get<readonly { readonly name: string }[]>(asked, "/gantry/v1/projects")).map(({ name }) => name),
};

async function containers(asked: Asked): Promise<readonly string[]> {
  const all = ONLY_RUNNING.has(asked.verb) ? 0 : 1;
  const status = asked.verb === "unpause" ? { filters: filters({ status: ["paused"] }) } : {};
  return (await get<readonly ContainerSummary[]>(asked, "/containers/json", { all, ...status })).map(nameOf);
}

async function services({ context, flags }: Asked): Promise<readonly string[]> {
  const { loadProject } = await import("../../spec/load.ts");
  const { loadOptions } = await import("../spec-flags.ts");
  return Object.keys((await loadProject(loadOptions(context, flags))).project.services);
}

/** Asks the daemon if there is one. Nothing is started because somebody pressed a key. */
async function get<T>(
  { context }: Asked,
  path: string,
  query: Readonly<Record<string, string | number>> = {},
): Promise<T> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  return await new Client(context.paths.socket).json<T>("GET", path, { query, signal });
}
