import { Command, CommanderError } from "commander";
import { stringify } from "yaml";
import { GantryError } from "../../error.ts";
import type { Context } from "../context.ts";
import { escaped } from "../../spec/escape.ts";
import { addRunFlags, type RunFlags } from "../run/flags.ts";
import { serviceOf } from "../run/service.ts";
import { shellWords } from "../shell-words.ts";

/** `gantry run-to-yaml "docker run …"`: the same container as a Compose file, on standard output. */
export async function runToYaml(context: Context, words: readonly string[]): Promise<number> {
  const line = words.length === 1 ? shellWords(words[0] ?? "") : words;
  const { image, command, flags } = parse(withoutProgram(line));
  const { file, notes } = serviceOf(image, command, flags);
  context.stdout.write(
    `${notes.map((note) => `# ${note}\n`).join("")}${stringify(escaped(file), { lineWidth: 0 })}`,
  );
  return 0;
}

/** Without `docker run`, `sudo docker container run` and their like. */
function withoutProgram(line: readonly string[]): readonly string[] {
  const run = line.findIndex((word) => word === "run" || word === "create");
  const program = line.slice(0, run);
  return run >= 0 && program.every((word) => /^(?:sudo|docker|podman|gantry|container|\$)$/.test(word))
    ? line.slice(run + 1)
    : line;
}

interface ParsedLine {
  readonly image: string;
  readonly command: readonly string[];
  readonly flags: RunFlags;
}

/** Throws request.invalid for a flag that docker's run does not have, with the one that was probably meant. */
function parse(words: readonly string[]): ParsedLine {
  const found: ParsedLine[] = [];
  const program = addRunFlags(new Command("run"))
    .option("-d, --detach")
    .option("--detach-keys <keys>")
    .option("--no-sig-proxy")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .argument("<image>")
    .argument("[command...]")
    .passThroughOptions()
    .action((image: string, command: readonly string[], flags: RunFlags) => {
      found.push({ image, command, flags });
    });
  try {
    program.parse(words, { from: "user" });
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    throw new GantryError("request.invalid", cause.message.replace(/^error: /, ""), { cause });
  }
  const [line] = found;
  if (line === undefined) throw new GantryError("request.invalid", "this is no docker run");
  return line;
}
