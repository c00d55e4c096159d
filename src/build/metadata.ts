import { posix } from "node:path";
import type { Escape } from "./dockerfile/directives.ts";
import { fault, type Instruction, type Keyword } from "./dockerfile/instruction.ts";
import { readHealthcheck } from "./dockerfile/healthcheck.ts";
import { readPairs } from "./dockerfile/pairs.ts";
import { plainWords } from "./dockerfile/words.ts";
import type { ConfigJson } from "./image-json.ts";
import { environmentMap, lookupIn, type StageState } from "./stage-state.ts";
import { expand } from "./variables.ts";

/** What a shell form runs with where no SHELL says otherwise. */
export const DEFAULT_SHELL: readonly string[] = ["/bin/sh", "-c"];

type Change = (
  instruction: Instruction,
  state: StageState,
  say: (word: string) => string,
  escape: Escape,
) => Partial<Pick<StageState, "config" | "author" | "ownCommand">>;

/** Instructions that change nothing but what the image says about itself. */
const CHANGES: Partial<Readonly<Record<Keyword, Change>>> = {
  CMD: (instruction, { config }) => ({
    config: { ...config, Cmd: commandOf(instruction, config) },
    ownCommand: true,
  }),
  ENTRYPOINT: (instruction, { config, ownCommand }) => {
    const { Cmd, ...rest } = config;
    const kept = ownCommand && Cmd !== undefined ? { Cmd } : {};
    return { config: { ...rest, ...kept, Entrypoint: commandOf(instruction, config) } };
  },
  ENV: (instruction, { config }, say, escape) => {
    const set = readPairs(instruction, escape).map(({ name, value }) => [say(name), say(value)] as const);
    return { config: withEnvironment(config, set) };
  },
  EXPOSE: ({ rest, place }, { config }, say) => {
    const ports = plainWords(rest)
      .flatMap((word) => plainWords(say(word)))
      .flatMap((text) => {
        const [, first, last = first, protocol = "tcp"] =
          /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
        const [from, to] = [Number(first), Number(last)];
        if (first === undefined || from < 1 || to > 65535 || to < from)
          throw fault(place, `${text} is not a port`, "write 80, 53/udp or 8000-8010");
        return Array.from(
          { length: to - from + 1 },
          (_, index) => `${from + index}/${protocol.toLowerCase()}`,
        );
      });
    return { config: { ...config, ExposedPorts: { ...config.ExposedPorts, ...emptyObjects(ports) } } };
  },
  HEALTHCHECK: (instruction, { config }) => {
    const check = readHealthcheck(instruction);
    const [kind, line = ""] = check.Test;
    const shell = kind === "CMD-SHELL" ? { ...check, Test: ["CMD-SHELL", line] } : check;
    return { config: { ...config, Healthcheck: shell } };
  },
  LABEL: (instruction, { config }, say, escape) => {
    const set = readPairs(instruction, escape).map(({ name, value }) => [say(name), say(value)] as const);
    return { config: { ...config, Labels: { ...config.Labels, ...Object.fromEntries(set) } } };
  },
  MAINTAINER: ({ rest }) => ({ author: rest }),
  ONBUILD: ({ rest, heredocs }, { config }) => {
    const documents = heredocs.map(({ name, content }) => `\n${content}${name}`).join("");
    return { config: { ...config, OnBuild: [...(config.OnBuild ?? []), `${rest}${documents}`] } };
  },
  SHELL: ({ json = [] }, { config }) => ({ config: { ...config, Shell: json } }),
  STOPSIGNAL: ({ rest, place }, { config }, say) => {
    const signal = say(rest);
    if (!/^(?:\d{1,2}|(?:SIG)?[A-Z][A-Z0-9+-]*)$/i.test(signal))
      throw fault(place, `${signal} is not a signal`);
    return { config: { ...config, StopSignal: signal } };
  },
  USER: ({ rest, place }, { config }, say) => {
    const user = say(rest);
    if (user === "") throw fault(place, "USER is empty");
    return { config: { ...config, User: user } };
  },
  VOLUME: ({ rest, json, place }, { config }, say) => {
    const paths = (json ?? plainWords(rest)).map(say);
    if (paths.length === 0 || paths.includes("")) throw fault(place, "VOLUME needs a path that is not empty");
    return { config: { ...config, Volumes: { ...config.Volumes, ...emptyObjects(paths) } } };
  },
};

/** Whether an instruction changes nothing but what the image says about itself. */
export function isMetadata(keyword: Keyword): boolean {
  return CHANGES[keyword] !== undefined;
}

/** The state after such an instruction. Pure. Throws spec.invalid. */
export function afterMetadata(instruction: Instruction, state: StageState, escape: Escape): StageState {
  const lookup = lookupIn(state);
  const say = (word: string): string => expand(word, instruction.place, lookup, escape);
  return { ...state, ...CHANGES[instruction.keyword]?.(instruction, state, say, escape) };
}

/** A command's words: as they are, or what the shell is given. */
export function commandOf(
  { json, rest }: Pick<Instruction, "json" | "rest">,
  config: ConfigJson,
): readonly string[] {
  return json ?? (rest === "" ? [] : [...(config.Shell ?? DEFAULT_SHELL), rest]);
}

/** With variables set, each in the place it had. */
export function withEnvironment(
  config: ConfigJson,
  set: readonly (readonly [name: string, value: string])[],
): ConfigJson {
  const environment = new Map(environmentMap(config));
  for (const [name, value] of set) environment.set(name, value);
  return { ...config, Env: [...environment].map(([name, value]) => `${name}=${value}`) };
}

/** Where WORKDIR leads: an absolute path, from the one before where it is relative. */
export function workingFolder(config: ConfigJson, written: string): string {
  return posix.resolve("/", config.WorkingDir ?? "/", written);
}

function emptyObjects(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
