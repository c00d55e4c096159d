import { posix } from "node:path";
import { MAX_CONTENT_BYTES } from "./contents.ts";
import type { ContentKind, ContentOf, LoadedContent } from "./contents.ts";
import { readMode } from "./mode.ts";
import { readTarget } from "./mount.ts";
import type { Path } from "./path.ts";
import type { Content } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";

/** An entry of a service's `configs` or `secrets`: a name, or a map. */
export type Grant =
  | string
  | {
      readonly source?: string;
      readonly target?: string;
      readonly uid?: Integer;
      readonly gid?: Integer;
      readonly mode?: Integer;
    };

export interface GrantKeys {
  readonly configs?: readonly Grant[];
  readonly secrets?: readonly Grant[];
}

const FOLDER = { configs: "/", secrets: "/run/secrets" } as const;
/** Whoever runs in the container may read it; the files of others it cannot. */
const DEFAULT_MODE = 0o444;
const MAX_ID = 65_535;

/** The configs and secrets of a service, told where they come up in it; undefined where there are none. */
export function readGrants(
  map: GrantKeys,
  path: Path,
  report: Report,
  context: { readonly contentOf: ContentOf; readonly keep: (content: LoadedContent) => void },
): readonly Content[] | undefined {
  const contents = new Map<string, Content>();
  let bytes = 0;
  for (const kind of ["configs", "secrets"] as const) {
    for (const [index, grant] of (map[kind] ?? []).entries()) {
      const where = [...path, kind, index];
      report.attempt(where, () => {
        const name = typeof grant === "string" ? grant : grant.source;
        if (name === undefined) throw new InvalidValue('"source" is missing');
        const loaded = context.contentOf(kind, name);
        const content = readGrant(kind, grant, name, where, report, loaded.digest);
        if (contents.has(content.target))
          throw new InvalidValue(`something is mounted at ${content.target} already`);
        bytes += loaded.bytes.length;
        if (bytes > MAX_CONTENT_BYTES)
          throw new InvalidValue(
            `more than ${MAX_CONTENT_BYTES / 1024} kB of configs and secrets in one service`,
          );
        contents.set(content.target, content);
        context.keep(loaded);
      });
    }
  }
  return contents.size === 0 ? undefined : [...contents.values()];
}

function readGrant(
  kind: ContentKind,
  grant: Grant,
  name: string,
  where: Path,
  report: Report,
  digest: string,
): Content {
  const { target = name, uid, gid, mode } = typeof grant === "string" ? {} : grant;
  const id = (key: "uid" | "gid", value: Integer | undefined) =>
    value === undefined ? undefined : report.attempt([...where, key], () => readInteger(value, 0, MAX_ID));
  const [owner, group] = [id("uid", uid), id("gid", gid)];
  const permissions =
    mode === undefined
      ? undefined
      : report.attempt([...where, "mode"], () =>
          readMode(report.writtenNumber([...where, "mode"]) ?? String(mode)),
        );
  return {
    kind: kind === "configs" ? "config" : "secret",
    name,
    target: readTarget(posix.resolve(FOLDER[kind], target)),
    digest,
    uid: owner ?? 0,
    gid: group ?? 0,
    // Set-user-ID bits have no business on data.
    mode: (permissions ?? DEFAULT_MODE) & 0o777,
  };
}
