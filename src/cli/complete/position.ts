import type { Argument, Command, Option } from "commander";

/** What a word on its way is going to be. */
export type Position =
  | { readonly kind: "verb"; readonly command: Command }
  | { readonly kind: "flag"; readonly command: Command }
  /** A flag's value; `written` stands before it in the same word, as in `--file=`. */
  | { readonly kind: "value"; readonly command: Command; readonly option: Option; readonly written: string }
  | { readonly kind: "argument"; readonly command: Command; readonly argument: Argument }
  | { readonly kind: "nothing" };

export interface Reading {
  readonly position: Position;
  /** The values of the flags so far, by their long names; those given several times have their last. */
  readonly values: Readonly<Record<string, string>>;
}

/** Arguments with which another program's command line begins: its flags are none of ours. */
const ANOTHER_COMMAND_LINE = new Set(["command", "ps options", "line"]);

/** Reads a command line whose last word is not finished, after the program's own name. */
export function positionOf(program: Command, words: readonly string[]): Reading {
  const last = words.at(-1) ?? "";
  const values: Record<string, string> = {};
  let command = program;
  let given = 0;
  let onlyArguments = false;
  let pending: Option | undefined;
  for (const word of words.slice(0, -1)) {
    if (pending !== undefined) {
      values[pending.attributeName()] = word;
      pending = undefined;
    } else if (word === "--" && !onlyArguments) onlyArguments = true;
    else if (isFlag(word) && !onlyArguments) {
      const [option, value] = flagOf(command, word);
      if (option !== undefined && takesValue(option)) {
        if (value === undefined) pending = option;
        else values[option.attributeName()] = value;
      }
    } else {
      const next: Command | undefined = given === 0 ? subcommand(command, word) : undefined;
      if (next !== undefined) command = next;
      else {
        given += 1;
        onlyArguments ||= ANOTHER_COMMAND_LINE.has(command.registeredArguments.at(-1)?.name() ?? "");
      }
    }
  }
  return { position: lastOne(command, last, { given, onlyArguments, pending }), values };
}

function lastOne(
  command: Command,
  last: string,
  so: { readonly given: number; readonly onlyArguments: boolean; readonly pending: Option | undefined },
): Position {
  if (so.pending !== undefined) return { kind: "value", command, option: so.pending, written: "" };
  if (last.startsWith("-") && !so.onlyArguments) {
    const at = last.indexOf("=");
    const [option] = at < 0 ? [] : flagOf(command, last);
    if (option !== undefined) return { kind: "value", command, option, written: last.slice(0, at + 1) };
    return { kind: "flag", command };
  }
  if (command.commands.length > 0 && so.given === 0) return { kind: "verb", command };
  const declared = command.registeredArguments;
  const argument = declared[so.given] ?? (declared.at(-1)?.variadic === true ? declared.at(-1) : undefined);
  return argument === undefined ? { kind: "nothing" } : { kind: "argument", command, argument };
}

function isFlag(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

function subcommand(command: Command, word: string): Command | undefined {
  return command.commands.find((one) => one.name() === word || one.aliases().includes(word));
}

/** The last flag of the word and its value, where the word holds it: `--tail=3`, `-n3`, `-it`. */
function flagOf(command: Command, word: string): readonly [(Option | undefined)?, (string | undefined)?] {
  if (word.startsWith("--")) {
    const [name, ...rest] = word.split("=");
    return [find(command, name ?? ""), rest.length === 0 ? undefined : rest.join("=")];
  }
  for (let at = 1; at < word.length; at++) {
    const option = find(command, `-${word.charAt(at)}`);
    if (option === undefined || at === word.length - 1) return [option];
    if (takesValue(option)) return [option, word.slice(at + 1)];
  }
  return [];
}

function find(command: Command, flag: string): Option | undefined {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const found = at.options.find((option) => option.short === flag || option.long === flag);
    if (found !== undefined) return found;
  }
  return undefined;
}
