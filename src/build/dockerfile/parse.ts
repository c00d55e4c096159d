import { didYouMean } from "../../spec/suggest.ts";
import { checkInstruction } from "./check.ts";
import { type Escape, readDirectives } from "./directives.ts";
import { takeFlags } from "./flags.ts";
import { fault, type Heredoc, type Instruction, type Keyword, KEYWORDS, type Place } from "./instruction.ts";
import { logicalLines } from "./lines.ts";

/** A Dockerfile as it is written. */
export interface Dockerfile {
  readonly file: string;
  readonly escape: Escape;
  /** ARG before the first FROM. */
  readonly globals: readonly Instruction[];
  readonly stages: readonly Stage[];
}

export interface Stage {
  /** From 0. */
  readonly index: number;
  /** In lower case, where it has one. */
  readonly name?: string;
  /** FROM's: an image, a stage, `scratch`; with variables. */
  readonly base: string;
  readonly platform?: string;
  readonly place: Place;
  readonly instructions: readonly Instruction[];
}

/** Instructions with a form that is a JSON list of strings. */
const WITH_JSON: ReadonlySet<Keyword> = new Set([
  "ADD",
  "CMD",
  "COPY",
  "ENTRYPOINT",
  "RUN",
  "SHELL",
  "VOLUME",
]);
/** Longer files are nobody's writing, and are read into memory several times. */
const LONGEST = 1024 * 1024;

/**
 * Reads a Dockerfile and checks every instruction that can be checked without building anything. Throws spec.invalid with
 * file and line.
 */
export function parseDockerfile(text: string, file: string): Dockerfile {
  if (text.length > LONGEST) throw fault({ file, line: 1 }, "the Dockerfile is longer than 1 MiB");
  if (text.includes("\0")) throw fault({ file, line: 1 }, "the Dockerfile holds a NUL character");
  const physical = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const { escape } = readDirectives(physical, file);
  const globals: Instruction[] = [];
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const line of logicalLines(physical, escape, file)) {
    const instruction = parseInstruction(line.text, line.place, line.heredocs, escape);
    if (instruction.keyword === "FROM") stages.push({ ...stageOf(instruction, stages), instructions: [] });
    else if (stages.length > 0) stages.at(-1)?.instructions.push(instruction);
    else if (instruction.keyword === "ARG") globals.push(instruction);
    else
      throw fault(
        instruction.place,
        `${instruction.keyword} stands before the first FROM`,
        "begin with FROM IMAGE",
      );
  }
  if (stages.length === 0) throw fault({ file, line: 1 }, "no FROM: there is nothing to build");
  return { file, escape, globals, stages };
}

/** Reads one instruction, which may be an image's ONBUILD trigger. Throws spec.invalid. */
export function parseInstruction(
  text: string,
  place: Place,
  heredocs: readonly Heredoc[],
  escape: Escape,
): Instruction {
  const [, word = "", after = ""] = /^(\S+)([^]*)$/.exec(text) ?? [];
  const keyword = KEYWORDS.find((known) => known === word.toUpperCase());
  if (keyword === undefined)
    throw fault(place, `unknown instruction ${word}${didYouMean(word.toUpperCase(), KEYWORDS)}`);
  const { flags, rest } = takeFlags(keyword, after, escape, place);
  const json = WITH_JSON.has(keyword) ? jsonWords(rest) : undefined;
  const held =
    keyword === "ONBUILD" && rest !== "" ? parseInstruction(rest, place, heredocs, escape) : undefined;
  const instruction: Instruction = {
    keyword,
    place,
    flags,
    rest,
    ...(json === undefined ? {} : { json }),
    heredocs,
    ...(held === undefined ? {} : { held }),
  };
  checkInstruction(instruction, escape);
  return instruction;
}

/** The strings of a JSON list; undefined for what is none, which then is meant for a shell. */
function jsonWords(text: string): readonly string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((item): item is string => typeof item === "string")) return value;
  } catch {
    // Not JSON: `[ -f x ]` is a command.
  }
  return undefined;
}

const STAGE_NAME = /^[a-z][a-z0-9._-]*$/;

function stageOf({ rest, flags, place }: Instruction, before: readonly Stage[]): Omit<Stage, "instructions"> {
  const words = rest.split(/\s+/);
  const [base = "", as, written] = words;
  if (words.length !== 1 && (words.length !== 3 || as?.toLowerCase() !== "as"))
    throw fault(place, `FROM is written: FROM IMAGE [AS NAME], not FROM ${rest}`);
  const name = written?.toLowerCase();
  if (name !== undefined && (!STAGE_NAME.test(name) || name === "scratch"))
    throw fault(place, `${written} cannot be the name of a stage`, "letters, digits, and after them . _ -");
  const other = before.find((stage) => stage.name !== undefined && stage.name === name);
  if (other !== undefined)
    throw fault(place, `the stage in line ${other.place.line} is called ${name} as well`);
  const platform = flags.find((flag) => flag.name === "platform")?.value;
  return {
    index: before.length,
    base,
    place,
    ...(name === undefined ? {} : { name }),
    ...(platform === undefined ? {} : { platform }),
  };
}
