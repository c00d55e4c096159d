import type { Command } from "commander";
import type { InspectOptions } from "../inspect-each.ts";
import type { Run } from "../program.ts";
import type { PruneOptions } from "../verbs/prune.ts";
import type { VolumeCreateOptions } from "../verbs/volume-create.ts";
import type { VolumeListOptions } from "../verbs/volume-ls.ts";
import { append, group, outputOption, verb } from "./options.ts";

/** Verbs about volumes, in docker's words. */
export function volumeCommands(program: Command, run: Run): void {
  group(program, "Volumes:");
  const volume = verb(program, "volume", "list, make and remove volumes");
  verb(volume, "ls", "list volumes")
    .alias("list")
    .option("-q, --quiet", "only the names")
    .addOption(outputOption())
    .action((options: VolumeListOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/volume-ls.ts")).volumeLs(context, options)),
    );
  verb(volume, "create", "make a volume")
    .argument("[name]", "a name is made up when absent")
    .option("--label <name[=value]>", "label it", append)
    .action((name: string | undefined, options: VolumeCreateOptions, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/volume-create.ts")).volumeCreate(context, name, options),
      ),
    );
  verb(volume, "inspect", "show everything known of volumes")
    .argument("<volume...>")
    .addOption(outputOption(["json", "yaml"]))
    .option("-f, --format <template>", "print this of each, in Go's templates, as docker does")
    .action((names: readonly string[], options: InspectOptions, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/volume-inspect.ts")).volumeInspect(context, names, options),
      ),
    );
  verb(volume, "rm", "remove volumes, with what is in them")
    .alias("remove")
    .argument("<volume...>")
    .option("-f, --force", "one that is not there is no error")
    .action((names: readonly string[], options: { readonly force?: boolean }, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/volume-rm.ts")).volumeRm(context, names, options),
      ),
    );
  verb(volume, "prune", "remove volumes that no container uses")
    .option("-a, --all", "those with a name as well")
    .option("-f, --force", "do not ask")
    .action((options: PruneOptions & { readonly all?: boolean }, command: Command) =>
      run(command, async (context) => (await import("../verbs/prune.ts")).volumePrune(context, options)),
    );
}
