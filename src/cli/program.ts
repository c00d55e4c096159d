import { Command } from "commander";
import { completionCommands } from "./commands/completion.ts";
import { containerCommands } from "./commands/container.ts";
import { imageCommands } from "./commands/image.ts";
import { networkCommands } from "./commands/network.ts";
import { runCommands } from "./commands/run.ts";
import { processCommands } from "./commands/process.ts";
import { projectCommands } from "./commands/project.ts";
import { systemCommands } from "./commands/system.ts";
import { volumeCommands } from "./commands/volume.ts";
import type { Context } from "./context.ts";
import { version } from "./version.ts";

/** A verb with its arguments filled in: all that is missing is the process it runs in. Resolves with the exit status. */
export type Verb = (context: Context) => Promise<number>;

/** Called for the one verb of the command line; `command` knows the flags, the global ones included. */
export type Run = (command: Command, verb: Verb) => Promise<void>;

/**
 * The whole command line. Verbs are loaded when they run, so that `gantry ps` does not wait for a YAML parser.
 * Throws commander's CommanderError instead of ending the process.
 */
export function buildProgram(run: Run): Command {
  const program = new Command("gantry")
    .description("Runs containers as YAML files say, and keeps them so.")
    .version(version(), "-V, --version", "print the version of this program")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [verb]", "show help of a verb")
    .option("--root <folder>", "where durable state lives (GANTRY_ROOT, default /var/lib/gantry)")
    .option("--run <folder>", "where the socket and the rest live (GANTRY_RUN, default /run/gantry)")
    .enablePositionalOptions()
    .showHelpAfterError("(gantry --help lists the verbs)")
    .exitOverride();
  projectCommands(program, run);
  runCommands(program, run);
  containerCommands(program, run);
  processCommands(program, run);
  imageCommands(program, run);
  networkCommands(program, run);
  volumeCommands(program, run);
  systemCommands(program, run);
  completionCommands(program, run);
  return program;
}
