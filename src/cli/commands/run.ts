import type { Command } from "commander";
import type { Run } from "../program.ts";
import { addLimitFlags, addRunFlags, type RunFlags } from "../run/flags.ts";
import type { LimitFlags } from "../run/limits.ts";
import type { PruneOptions } from "../verbs/prune.ts";
import { group, verb } from "./options.ts";

/** `run` and `create`, in docker's words. */
export function runCommands(program: Command, run: Run): void {
  group(program, "Services and containers:");
  addRunFlags(verb(program, "run", "make a container of an image and start it"))
    .option("-d, --detach", "leave it alone, and print its id")
    .option("--detach-keys <keys>", "what leaves it running and returns (default ctrl-p,ctrl-q)")
    .option("--no-sig-proxy", "do not send on the signals that we get")
    .argument("<image>")
    .argument("[command...]", "instead of the image's")
    .passThroughOptions()
    .action((image: string, words: readonly string[], flags: RunFlags, command: Command) =>
      run(command, async (context) => (await import("../verbs/run.ts")).run(context, image, words, flags)),
    );
  addRunFlags(verb(program, "create", "make a container of an image, without starting it"))
    .argument("<image>")
    .argument("[command...]", "instead of the image's")
    .passThroughOptions()
    .action((image: string, words: readonly string[], flags: RunFlags, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/create.ts")).create(context, image, words, flags),
      ),
    );
  verb(program, "run-to-yaml", "turn a docker run command line into a Compose file")
    .argument("<line...>", "in quotes, or as it is")
    .passThroughOptions()
    .allowUnknownOption()
    .action((line: readonly string[], _options: unknown, command: Command) =>
      run(command, async (context) => (await import("../verbs/run-to-yaml.ts")).runToYaml(context, line)),
    );
  addLimitFlags(verb(program, "update", "change limits and restart policy of containers while they run"))
    .argument("<container...>")
    .action((containers: readonly string[], flags: LimitFlags, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/update.ts")).update(context, containers, flags),
      ),
    );
  verb(program, "rename", "give a container another name")
    .argument("<container>")
    .argument("<name>")
    .action((container: string, name: string, _options: unknown, command: Command) =>
      run(command, async (context) => (await import("../verbs/rename.ts")).rename(context, container, name)),
    );
  const container = verb(program, "container", "what can be done with containers, as docker groups it");
  verb(container, "prune", "remove containers without a project that do not run")
    .option("-f, --force", "do not ask")
    .action((options: PruneOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/prune.ts")).containerPrune(context, options)),
    );
}
