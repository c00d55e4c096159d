import { readContainerPath } from "./mount.ts";
import { readPairs } from "./pairs.ts";
import type { Pairs } from "./pairs.ts";
import type { Path } from "./path.ts";
import type { Hook } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { splitWords } from "./words.ts";

export interface HookMap {
  readonly command?: string | readonly (string | number | boolean)[] | null;
  readonly user?: string | number;
  readonly working_dir?: string;
  readonly environment?: Pairs;
}

export interface HookKeys {
  readonly post_start?: readonly HookMap[];
  readonly pre_stop?: readonly HookMap[];
}

/** What runs inside a container after it has started, and before it is stopped; undefined where nothing does. */
export function readHooks(
  map: HookKeys,
  path: Path,
  report: Report,
  lookup: (name: string) => string | undefined,
): { readonly postStart: readonly Hook[]; readonly preStop: readonly Hook[] } | undefined {
  const all = (key: keyof HookKeys): readonly Hook[] =>
    (map[key] ?? []).flatMap((hook, index) => readHook(hook, [...path, key, index], report, lookup) ?? []);
  const [postStart, preStop] = [all("post_start"), all("pre_stop")];
  return postStart.length + preStop.length === 0 ? undefined : { postStart, preStop };
}

function readHook(
  map: HookMap,
  path: Path,
  report: Report,
  lookup: (name: string) => string | undefined,
): Hook | undefined {
  const { command: written, user, working_dir: folder } = map;
  const command = report.attempt([...path, "command"], () => {
    const words = typeof written === "string" ? splitWords(written) : (written ?? []).map(String);
    if (words.length === 0) throw new InvalidValue("there is nothing to run");
    return words;
  });
  const workingDir =
    folder === undefined
      ? undefined
      : report.attempt([...path, "working_dir"], () => readContainerPath(folder));
  if (command === undefined) return undefined;
  return {
    command,
    environment: readPairs(map.environment, [...path, "environment"], report, lookup),
    ...(user === undefined ? {} : { user: String(user) }),
    ...(workingDir === undefined ? {} : { workingDir }),
  };
}
