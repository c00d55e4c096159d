import type { Argument, Command, Option } from "commander";
import { processContext } from "../context.ts";
import { LIVE_NAMES, type Asked } from "./live-names.ts";
import { positionOf, type Position } from "./position.ts";

export interface Candidate {
  readonly text: string;
  /** One line. */
  readonly description: string;
}

export interface Candidates {
  readonly found: readonly Candidate[];
  /** The shell's own completion of paths as well. */
  readonly files: boolean;
}

const FILES = new Set(["file", "folder", "path"]);
/** What help calls a thing whose names are somebody else's. */
const ALSO_CALLED: Readonly<Record<string, string>> = { "name[:tag|@digest]": "image", mode: "network" };

/** What the last of the words may become. Never throws: at the prompt there is nobody to tell. */
export async function candidatesOf(program: Command, words: readonly string[]): Promise<Candidates> {
  const { position, values } = positionOf(program, words);
  const last = words.at(-1) ?? "";
  const { found, files } = await possible(position, values);
  return {
    files,
    found: found
      .filter(({ text }) => text.startsWith(last))
      .sort(({ text: a }, { text: b }) => (a < b ? -1 : a > b ? 1 : 0)),
  };
}

async function possible(position: Position, values: Readonly<Record<string, string>>): Promise<Candidates> {
  switch (position.kind) {
    case "nothing":
      return { found: [], files: false };
    case "verb":
      return { found: verbsOf(position.command), files: false };
    case "flag":
      return { found: flagsOf(position.command), files: false };
    case "value":
      return await valuesOf(position.option, position.written, askedFor(position.command, values));
    case "argument":
      return await argumentsOf(position.argument, askedFor(position.command, values));
  }
}

function verbsOf(command: Command): readonly Candidate[] {
  const help = command.createHelp();
  return help.visibleCommands(command).map((one) => ({ text: one.name(), description: one.description() }));
}

function flagsOf(command: Command): readonly Candidate[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].map(
    ({ long, short, description }) => ({ text: long ?? short ?? "", description }),
  );
}

function askedFor(command: Command, values: Readonly<Record<string, string>>): Asked {
  const { root, run, file, project, envFile, projectDirectory } = values;
  return {
    verb: command.name(),
    context: processContext({
      ...(root === undefined ? {} : { root }),
      ...(run === undefined ? {} : { run }),
    }),
    flags: {
      ...(file === undefined ? {} : { file: [file] }),
      ...(project === undefined ? {} : { project }),
      ...(envFile === undefined ? {} : { envFile: [envFile] }),
      ...(projectDirectory === undefined ? {} : { projectDirectory }),
    },
  };
}

async function valuesOf(option: Option, written: string, asked: Asked): Promise<Candidates> {
  const { argChoices, flags } = option;
  if (argChoices !== undefined)
    return { found: argChoices.map((text) => ({ text: written + text, description: "" })), files: false };
  const name =
    option.attributeName() === "project" ? "project" : (/[<[](.*?)(?:\.{3})?[>\]]$/.exec(flags)?.[1] ?? "");
  const { found, files } = await named(name, asked);
  return { found: found.map(({ text, description }) => ({ text: written + text, description })), files };
}

async function argumentsOf(argument: Argument, asked: Asked): Promise<Candidates> {
  if (argument.argChoices !== undefined)
    return { found: argument.argChoices.map((text) => ({ text, description: "" })), files: false };
  // cp's, which are `container:path` or a path here.
  if (argument.name() === "source" || argument.name() === "target") {
    const { found } = await named("container", asked);
    return { found: found.map(({ text, description }) => ({ text: `${text}:`, description })), files: true };
  }
  return await named(argument.name(), asked);
}

/** By the words of the help: `service|container`, `image`, `file`. */
async function named(words: string, asked: Asked): Promise<Candidates> {
  const kinds = (ALSO_CALLED[words] ?? words).split("|");
  const found: Candidate[] = [];
  for (const kind of kinds) {
    const names = await LIVE_NAMES[kind]?.(asked).catch(() => []);
    for (const text of new Set(names)) found.push({ text, description: kind.replace(/=.*/, "") });
  }
  return { found, files: kinds.some((kind) => FILES.has(kind)) };
}
