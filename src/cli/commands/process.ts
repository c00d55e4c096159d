import type { Command } from "commander";
import type { Run } from "../program.ts";
import type { SpecFlags } from "../spec-flags.ts";
import type { AttachOptions } from "../verbs/attach.ts";
import type { KillOptions } from "../verbs/kill.ts";
import type { StatsOptions } from "../verbs/stats.ts";
import { group, outputOption, specOptions, verb } from "./options.ts";

/** Verbs about the processes of containers, in docker's words. */
export function processCommands(program: Command, run: Run): void {
  const TARGETS = ["<service|container...>", "whose; of a service, all that run"] as const;
  group(program, "Services and containers:");
  for (const [name, description] of [
    ["pause", "stop every process where it is"],
    ["unpause", "let paused containers go on"],
  ] as const)
    specOptions(verb(program, name, description), "-f, ")
      .argument(...TARGETS)
      .action((words: readonly string[], options: SpecFlags, command: Command) =>
        run(command, async (context) =>
          (await import("../verbs/pause.ts")).pause(context, name, words, options),
        ),
      );
  specOptions(verb(program, "kill", "send a signal to the first process"), "-f, ")
    .argument(...TARGETS)
    .option("-s, --signal <signal>", "which (default SIGKILL)")
    .action((words: readonly string[], options: KillOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/kill.ts")).kill(context, words, options)),
    );
  specOptions(
    verb(program, "attach", "show what a container writes from now on, and end with its status"),
    "",
  )
    .argument("<service|container>", "which; of a service, its first running replica")
    .option("--no-stdin", "only listen")
    .option("--detach-keys <keys>", "what leaves it running and returns (default ctrl-p,ctrl-q)")
    .option("--no-sig-proxy", "ctrl-C only stops listening, instead of being sent to the container")
    .action((target: string, options: AttachOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/attach.ts")).attach(context, target, options)),
    );
  verb(program, "wait", "wait until containers end, and print their statuses")
    .argument("<container...>")
    .action((containers: readonly string[], _options: unknown, command: Command) =>
      run(command, async (context) => (await import("../verbs/wait.ts")).wait(context, containers)),
    );
  specOptions(verb(program, "top", "show the processes of a container"), "")
    .argument("<service|container>", "whose; of a service, its first running replica's")
    .argument("[ps options...]", "as ps takes them (default -ef)")
    .passThroughOptions()
    .action((target: string, words: readonly string[], options: SpecFlags, command: Command) =>
      run(command, async (context) => (await import("../verbs/top.ts")).top(context, target, words, options)),
    );
  specOptions(verb(program, "stats", "show what containers use, as it changes"), "-f, ")
    .argument("[service|container...]", "whose; all that run when absent")
    .option("--no-stream", "once")
    .option("--net", "what goes through the published ports instead, once")
    .addOption(outputOption())
    .action((words: readonly string[], options: StatsOptions & { readonly net?: true }, command: Command) =>
      run(command, async (context) =>
        options.net === true
          ? (await import("../verbs/stats-net.ts")).statsNet(context, options)
          : (await import("../verbs/stats.ts")).stats(context, words, options),
      ),
    );
}
