import { Argument, type Command } from "commander";
import type { Shell } from "../complete/scripts.ts";
import type { Run } from "../program.ts";
import { verb } from "./options.ts";

/** `completion`, and what its scripts call. */
export function completionCommands(program: Command, run: Run): void {
  verb(program, "completion", "print what a shell needs to complete command lines with live names")
    .addArgument(new Argument("<shell>", "whose").choices(["bash", "zsh", "fish"]))
    .addHelpText("after", "\nExample, for this session: source <(gantry completion bash)")
    .action((shell: Shell, _options: unknown, command: Command) =>
      run(command, async (context) => (await import("../verbs/completion.ts")).completion(context, shell)),
    );
  program
    .command("__complete", { hidden: true })
    .description("what the last word may become")
    .argument("[words...]")
    .action((words: readonly string[], _options: unknown, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/completion.ts")).complete(context, program, words),
      ),
    );
}
