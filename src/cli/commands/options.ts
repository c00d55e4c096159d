import { InvalidArgumentError, Option, type Command } from "commander";
import { FORMATS } from "../listing.ts";

/** A new verb with the flags all verbs take, so that they may stand before or after it. */
export function verb(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(new Option("--root <folder>", "where durable state lives").hideHelp())
    .addOption(new Option("--run <folder>", "where the socket and the rest live").hideHelp());
}

/** A heading in the help above this verb and those after it. */
export function group(program: Command, heading: string): void {
  program.commandsGroup(heading);
}

/** `--file` and `--project`; `short` is "" for verbs whose -f means something else, as in docker. */
export function specOptions(command: Command, short: "-f, " | ""): Command {
  return command
    .addOption(
      new Option(
        `${short}--file <file>`,
        "spec file, - for standard input; several are merged (default: found as compose does)",
      ).argParser(append),
    )
    .option("-p, --project <name>", "project name")
    .addOption(
      new Option("--profile <name>", "run the services of this profile too, * for all").argParser(append),
    )
    .addOption(
      new Option("--env-file <file>", "variables for the spec, instead of .env beside it").argParser(append),
    )
    .addOption(
      new Option("--project-directory <folder>", "what relative paths of the spec start at").hideHelp(),
    );
}

export function outputOption(formats: readonly string[] = FORMATS): Option {
  const [first] = formats;
  return new Option("-o, --output <format>", "how to print it").choices(formats).default(first);
}

/** Collects an option that may be given several times. */
export function append(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** A number of seconds or lines: 0 or more, whole. */
export function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(value);
}

/** docker's --tail: a number, or `all`. */
export function lineCount(value: string): number | "all" {
  return value === "all" ? value : wholeNumber(value);
}
