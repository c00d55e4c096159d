import type { Command } from "commander";
import type { Format } from "../listing.ts";
import type { Run } from "../program.ts";
import type { EventsOptions } from "../verbs/events.ts";
import { append, group, outputOption, verb } from "./options.ts";

/** Verbs about the machine and the daemon. */
export function systemCommands(program: Command, run: Run): void {
  group(program, "System:");
  verb(program, "doctor", "say what this machine lacks, and what that costs")
    .addOption(outputOption())
    .action((options: { readonly output: Format }, command: Command) =>
      run(command, async (context) => (await import("../verbs/doctor.ts")).doctor(context, options)),
    );
  verb(program, "events", "show what happens, as it happens")
    .option("--filter <key=value>", "type, event, container or label", append)
    .addOption(outputOption(["table", "json"]))
    .action((options: EventsOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/events.ts")).events(context, options)),
    );
  const system = verb(program, "system", "the disk, as docker groups it");
  verb(system, "df", "show what images, containers and volumes take on the disk")
    .addOption(outputOption())
    .action((options: { readonly output: Format }, command: Command) =>
      run(command, async (context) => (await import("../verbs/system-df.ts")).systemDf(context, options)),
    );
  verb(program, "version", "show versions of this program and of the daemon")
    .addOption(outputOption())
    .action((options: { readonly output: Format }, command: Command) =>
      run(command, async (context) => (await import("../verbs/version.ts")).version(context, options)),
    );
  verb(program, "daemon", "run the daemon in the foreground, for a service manager").action(
    (_options: unknown, command: Command) =>
      run(command, async (context) => (await import("../verbs/daemon.ts")).daemon(context)),
  );
}
