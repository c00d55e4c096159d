import { Option, type Command } from "commander";
import type { Run } from "../program.ts";
import type { SpecFlags } from "../spec-flags.ts";
import type { LifecycleOptions } from "../lifecycle.ts";
import type { ApplyOptions } from "../verbs/apply.ts";
import type { ConfigOptions } from "../verbs/config.ts";
import type { DownOptions } from "../verbs/down.ts";
import type { InitOptions } from "../verbs/init.ts";
import type { PlanOptions } from "../verbs/plan.ts";
import type { UndoOptions } from "../verbs/undo.ts";
import type { ScaleOptions } from "../verbs/scale.ts";
import type { Format } from "../listing.ts";
import { append, group, outputOption, specOptions, verb, wholeNumber } from "./options.ts";

const CONFIG_FORMATS = ["yaml", "json"] as const;
const STRICT = ["--strict", "what is not built yet is an error, not a warning"] as const;
const WAIT = ["--wait", "return only when every replica runs"] as const;

/** Verbs about projects: a spec file and what runs because of it. */
export function projectCommands(program: Command, run: Run): void {
  group(program, "Projects:");
  specOptions(verb(program, "apply", "make the machine match the file, and keep it so"), "-f, ")
    .alias("up")
    .option(...WAIT)
    .option("--build", "build images even where they are here")
    .option("--dry-run", "show the plan, change nothing")
    .addOption(
      new Option("--scale <service=n>", "so many replicas instead, until the next apply").argParser(append),
    )
    .addOption(new Option("-d, --detach", "what apply always does, as compose writes it").hideHelp())
    .addOption(new Option("--remove-orphans", "what apply always does, as compose writes it").hideHelp())
    .option(...STRICT)
    .action((options: ApplyOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/apply.ts")).apply(context, options)),
    );
  specOptions(
    verb(program, "plan", "show what apply would do (status 0: nothing, 2: changes, 1: error)"),
    "-f, ",
  )
    .option(...STRICT)
    .addOption(outputOption())
    .action((options: PlanOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/plan.ts")).plan(context, options)),
    );
  specOptions(verb(program, "config", "show the files as one, merged and in their long form"), "-f, ")
    .alias("convert")
    .addOption(outputOption(CONFIG_FORMATS))
    .addOption(new Option("--format <format>", "the same as --output").choices(CONFIG_FORMATS).hideHelp())
    .option("--services", "only the names of the services")
    .option("--images", "only the images")
    .option("--volumes", "only the names of the volumes")
    .option("--profiles", "only the profiles")
    .option("--hash <service>", "a hash of the service's configuration, * for all")
    .option("--no-interpolate", "leave variables as they are written")
    .option("-q, --quiet", "only check the files")
    .option(...STRICT)
    .action((options: ConfigOptions & { readonly format?: ConfigOptions["output"] }, command: Command) =>
      run(command, async (context) => {
        const { format: output = options.output } = options;
        return (await import("../verbs/config.ts")).config(context, { ...options, output });
      }),
    );
  verb(program, "init", "write a starter file with comments")
    .addOption(new Option("-f, --file <file>", "where to").default("compose.yaml"))
    .action((options: InitOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/init.ts")).init(context, options)),
    );
  specOptions(verb(program, "watch", "apply the file at every save"), "-f, ")
    .option(...STRICT)
    .action((options: SpecFlags, command: Command) =>
      run(command, async (context) => (await import("../verbs/watch.ts")).watch(context, options)),
    );
  specOptions(verb(program, "scale", "write new replica numbers into the file and apply it"), "-f, ")
    .argument("<service=n...>", "services and their new numbers")
    .option("--no-edit", "leave the file alone: override until the next apply")
    .option(...WAIT)
    .action((scales: readonly string[], options: ScaleOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/scale.ts")).scale(context, scales, options)),
    );
  specOptions(verb(program, "down", "stop and remove a project's containers and network"), "-f, ")
    .option("-v, --volumes", "its named volumes too, with all they hold")
    .action((options: DownOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/down.ts")).down(context, options)),
    );
  specOptions(verb(program, "undo", "go back to what was applied before, with the images it had"), "-f, ")
    .option("--to <revision>", "to this one; gantry history lists them", wholeNumber)
    .action((options: UndoOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/undo.ts")).undo(context, options)),
    );
  verb(program, "projects", "list projects")
    .alias("ls")
    .addOption(outputOption())
    .action((options: { readonly output: Format }, command: Command) =>
      run(command, async (context) => (await import("../verbs/projects.ts")).projects(context, options)),
    );
  lifecycleCommands(program, run);
}

function lifecycleCommands(program: Command, run: Run): void {
  const TARGETS = ["[service|container...]", "what is meant; the whole project when absent"] as const;
  const TIME = [
    "-t, --time <seconds>",
    "how long containers get to stop by themselves",
    wholeNumber,
  ] as const;
  group(program, "Services and containers:");
  specOptions(verb(program, "start", "run again what was stopped"), "-f, ")
    .argument(...TARGETS)
    .action((words: readonly string[], options: LifecycleOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/start.ts")).start(context, words, options)),
    );
  specOptions(verb(program, "stop", "stop without removing"), "-f, ")
    .argument(...TARGETS)
    .option(...TIME)
    .action((words: readonly string[], options: LifecycleOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/stop.ts")).stop(context, words, options)),
    );
  specOptions(verb(program, "restart", "stop, then start"), "-f, ")
    .argument(...TARGETS)
    .option(...TIME)
    .action((words: readonly string[], options: LifecycleOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/restart.ts")).restart(context, words, options)),
    );
}
