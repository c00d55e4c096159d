import { messageOf } from "../error.ts";
import type { Platform } from "../image/platform.ts";
import { formatPlatform } from "../image/platform.ts";
import type { Escape } from "./dockerfile/directives.ts";
import { expandText, expandWord, ExpansionError } from "./dockerfile/expand.ts";
import { fault, type Instruction, type Place } from "./dockerfile/instruction.ts";
import { readDeclarations } from "./dockerfile/pairs.ts";

/** Arguments of a build by name. */
export type BuildArguments = Readonly<Record<string, string>>;

/**
 * Arguments that every RUN has without an ARG, where they are given: how to reach the outside. They are no part of what is
 * built, so neither the history nor the cache knows them.
 */
export const PROXY_ARGUMENTS: readonly string[] = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "FTP_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
].flatMap((name) => [name, name.toLowerCase()]);

/** The arguments that the Dockerfile reference has under "Automatic platform ARGs in the global scope". */
export function platformArguments(target: Platform, machine: Platform, stage: string): BuildArguments {
  const of = (prefix: string, { os, architecture, variant = "" }: Platform): Record<string, string> => ({
    [`${prefix}PLATFORM`]: formatPlatform({ os, architecture, ...(variant === "" ? {} : { variant }) }),
    [`${prefix}OS`]: os,
    [`${prefix}ARCH`]: architecture,
    [`${prefix}VARIANT`]: variant,
  });
  return { ...of("TARGET", target), ...of("BUILD", machine), TARGETSTAGE: stage };
}

/** What ARG before the first FROM declares, which FROM can use and a stage can take over. Throws spec.invalid. */
export function globalArguments(
  globals: readonly Instruction[],
  escape: Escape,
  given: BuildArguments,
  automatic: BuildArguments,
): ReadonlyMap<string, string> {
  const found = new Map(Object.entries(automatic));
  for (const instruction of globals) {
    const lookup = (name: string): string | undefined => found.get(name);
    for (const { name, value } of readDeclarations(instruction, escape)) {
      const set =
        own(given, name) ??
        (value === undefined ? undefined : expand(value, instruction.place, lookup, escape));
      if (set !== undefined) found.set(name, set);
    }
  }
  return found;
}

/** What ARG in a stage sets: what was given, else its default, else what the global scope has of that name. */
export function declaredArguments(
  instruction: Instruction,
  escape: Escape,
  scope: {
    readonly given: BuildArguments;
    readonly globals: ReadonlyMap<string, string>;
    readonly lookup: (name: string) => string | undefined;
  },
): readonly { readonly name: string; readonly value: string | undefined }[] {
  const before = new Map<string, string>();
  const lookup = (name: string): string | undefined => before.get(name) ?? scope.lookup(name);
  return readDeclarations(instruction, escape).map(({ name, value }) => {
    const otherwise =
      value === undefined ? scope.globals.get(name) : expand(value, instruction.place, lookup, escape);
    const set = own(scope.given, name) ?? otherwise;
    if (set !== undefined) before.set(name, set);
    return { name, value: set };
  });
}

/** Replaces variables in a word and takes its quotes away. Throws spec.invalid with the position. */
export function expand(
  word: string,
  place: Place,
  lookup: (name: string) => string | undefined,
  escape: Escape,
): string {
  return located(place, () => expandWord(word, { lookup, escape }));
}

/** Replaces variables in a here-document. Throws spec.invalid with the position. */
export function expandDocument(
  text: string,
  place: Place,
  lookup: (name: string) => string | undefined,
  escape: Escape,
): string {
  return located(place, () => expandText(text, { lookup, escape }));
}

function located(place: Place, task: () => string): string {
  try {
    return task();
  } catch (error) {
    if (error instanceof ExpansionError) throw fault(place, messageOf(error));
    throw error;
  }
}

/** A build argument that was given. */
export function own(map: BuildArguments, name: string): string | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
