import type { Command } from "commander";
import type { Run } from "../program.ts";
import type { ImagesOptions } from "../verbs/images.ts";
import type { RmiOptions } from "../verbs/rmi.ts";
import { group, outputOption, verb } from "./options.ts";

/** Verbs about images, in docker's words. */
export function imageCommands(program: Command, run: Run): void {
  group(program, "Images:");
  verb(program, "images", "list images")
    .option("-q, --quiet", "only the ids")
    .addOption(outputOption())
    .action((options: ImagesOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/images.ts")).images(context, options)),
    );
  verb(program, "import", "make an image of a root file system archive (tar, gzip)")
    .argument("<file>", "the archive, - for standard input")
    .argument("<name[:tag]>", "what to call it")
    .action((file: string, reference: string, _options: unknown, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/import.ts")).importImage(context, file, reference),
      ),
    );
  verb(program, "rmi", "remove images")
    .argument("<image...>")
    .option("-f, --force", "take the name away even where containers use the image")
    .action((references: readonly string[], options: RmiOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/rmi.ts")).rmi(context, references, options)),
    );
}
