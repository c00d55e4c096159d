import type { Grant } from "./content-grant.ts";
import type { ContentOf } from "./contents.ts";
import { hostPath } from "./mount.ts";
import { type Pairs, readPairs } from "./pairs.ts";
import type { Path } from "./path.ts";
import type { ExtraHost, Ulimit } from "./project.ts";
import { readReference } from "./reference.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readExtraHosts } from "./resolver.ts";
import type { ResolverKeys } from "./resolver.ts";
import { readBoolean } from "./scalar.ts";
import type { Integer } from "./scalar.ts";
import { readBytes } from "./size.ts";
import { readUlimits } from "./ulimit.ts";
import type { UlimitValue } from "./ulimit.ts";

/** `build` of a service or of an image, once the schema has passed it. */
export type BuildValue = string | BuildMap;

interface BuildMap {
  readonly context?: string;
  readonly dockerfile?: string;
  readonly dockerfile_inline?: string;
  readonly args?: Pairs;
  readonly additional_contexts?: Pairs;
  readonly extra_hosts?: ResolverKeys["extra_hosts"];
  readonly labels?: Pairs;
  readonly network?: string;
  readonly no_cache?: boolean | string;
  readonly platforms?: readonly string[];
  readonly pull?: boolean | string;
  readonly secrets?: readonly Grant[];
  readonly shm_size?: Integer;
  readonly ssh?: Pairs;
  readonly tags?: readonly string[];
  readonly target?: string;
  readonly ulimits?: Readonly<Record<string, UlimitValue | undefined>>;
}

/** An image that the file says how to build. */
export interface ProjectBuild {
  /** What it is called. */
  readonly image: string;
  /** It is built whenever somebody applies, and not only when it is missing. */
  readonly always: boolean;
  /** Absolute folder. */
  readonly context: string;
  /** Relative to the context, or absolute. */
  readonly dockerfile: string | { readonly text: string };
  readonly arguments: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** `service`: the image that another service of the file is built to. */
  readonly contexts: Readonly<
    Record<string, { readonly folder: string } | { readonly image: string } | { readonly service: string }>
  >;
  readonly extraHosts: readonly ExtraHost[];
  readonly network?: string;
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly platform?: string;
  readonly secrets: readonly { readonly id: string; readonly bytes: Uint8Array }[];
  /** Sockets of SSH agents; the user's own where none is named. */
  readonly agents: readonly { readonly id: string; readonly socket?: string }[];
  readonly shmBytes?: number;
  readonly ulimits?: Readonly<Record<string, Ulimit>>;
  readonly tags: readonly string[];
  readonly target?: string;
}

export interface BuildContext {
  readonly workingFolder: string;
  readonly home: string | undefined;
  readonly lookup: (name: string) => string | undefined;
  readonly contentOf: ContentOf;
}

const REMOTE = /^(?:[a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/)/;

/** How an image is built; what is wrong goes to the report. */
export function readBuild(
  value: BuildValue,
  path: Path,
  report: Report,
  context: BuildContext,
): Omit<ProjectBuild, "image" | "always"> | undefined {
  const map = typeof value === "string" ? { context: value } : value;
  const read = report.reader(path);
  const folder = (text: string): string => {
    if (REMOTE.test(text))
      throw new InvalidValue(`${text} is not on this machine: clone it, and name the folder`);
    return hostPath(text, context);
  };
  const { dockerfile, dockerfile_inline: inline, target } = map;
  if (dockerfile !== undefined && inline !== undefined)
    report.error([...path, "dockerfile_inline"], "there is a dockerfile as well", "key");
  const where = report.attempt(typeof value === "string" ? path : [...path, "context"], () =>
    folder(map.context ?? "."),
  );
  const contexts = Object.entries(
    readPairs(map.additional_contexts, [...path, "additional_contexts"], report, () => ""),
  );
  const network = read(map.network, "network", readNetwork);
  const shmBytes = read(map.shm_size, "shm_size", readBytes);
  const ulimits = readUlimits(map.ulimits, [...path, "ulimits"], report);
  const [platform] = map.platforms ?? [];
  if ((map.platforms ?? []).length > 1)
    report.warning([...path, "platforms"], `only ${platform} is built: an image here is for one platform`);
  if (where === undefined) return undefined;
  return {
    context: where,
    dockerfile: inline === undefined ? (dockerfile ?? "Dockerfile") : { text: inline },
    arguments: readPairs(map.args, [...path, "args"], report, context.lookup),
    labels: readPairs(map.labels, [...path, "labels"], report, () => ""),
    contexts: Object.fromEntries(
      contexts.flatMap(([name, text]) => {
        const found = report.attempt([...path, "additional_contexts"], () => readSource(text, folder));
        return found === undefined ? [] : [[name, found]];
      }),
    ),
    extraHosts: readExtraHosts(map.extra_hosts, [...path, "extra_hosts"], report) ?? [],
    ...(network === undefined ? {} : { network }),
    noCache: read(map.no_cache, "no_cache", readBoolean) ?? false,
    pull: read(map.pull, "pull", readBoolean) ?? false,
    ...(platform === undefined ? {} : { platform }),
    secrets: readSecrets(map.secrets ?? [], [...path, "secrets"], report, context.contentOf),
    agents: Object.entries(readPairs(map.ssh, [...path, "ssh"], report, () => "")).map(([id, socket]) => ({
      id,
      ...(socket === "" ? {} : { socket: hostPath(socket, context) }),
    })),
    ...(shmBytes === undefined ? {} : { shmBytes }),
    ...(ulimits === undefined ? {} : { ulimits }),
    tags: (map.tags ?? []).flatMap(
      (tag, index) => report.attempt([...path, "tags", index], () => readReference(tag)) ?? [],
    ),
    ...(target === undefined ? {} : { target }),
  };
}

function readNetwork(text: string): string {
  if (["default", "none", "host"].includes(text)) return text;
  throw new InvalidValue(`expected default, none or host, got "${text}"`);
}

function readSource(text: string, folder: (text: string) => string): ProjectBuild["contexts"][string] {
  const [, kind, rest = ""] = /^(docker-image:\/\/|service:)(.+)$/.exec(text) ?? [];
  if (kind === "service:") return { service: rest };
  return kind === undefined ? { folder: folder(text) } : { image: rest };
}

function readSecrets(
  grants: readonly Grant[],
  path: Path,
  report: Report,
  contentOf: ContentOf,
): ProjectBuild["secrets"] {
  return grants.flatMap((grant, index) => {
    const found = report.attempt([...path, index], () => {
      const name = typeof grant === "string" ? grant : grant.source;
      if (name === undefined) throw new InvalidValue('"source" is missing');
      const id = typeof grant === "string" ? name : (grant.target ?? name);
      return { id, bytes: contentOf("secrets", name).bytes };
    });
    return found === undefined ? [] : [found];
  });
}
