import { Option, type Command } from "commander";
import { PROGRESS } from "../follow-build.ts";
import type { InspectOptions } from "../inspect-each.ts";
import type { Run } from "../program.ts";
import type { BuilderPruneOptions } from "../verbs/builder-prune.ts";
import type { BuildFlags } from "../verbs/build.ts";
import type { ImagesOptions } from "../verbs/images.ts";
import type { RevisionsOptions } from "../verbs/revisions.ts";
import type { HistoryOptions } from "../verbs/history.ts";
import type { ImagePruneOptions } from "../verbs/image-prune.ts";
import type { LoadOptions } from "../verbs/load.ts";
import type { LoginOptions } from "../verbs/login.ts";
import type { PullOptions } from "../verbs/pull.ts";
import type { SpecFlags } from "../spec-flags.ts";
import type { RmiOptions } from "../verbs/rmi.ts";
import type { SaveOptions } from "../verbs/save.ts";
import { append, group, outputOption, specOptions, verb } from "./options.ts";

/** Verbs about images, in docker's words. */
export function imageCommands(program: Command, run: Run): void {
  group(program, "Images:");
  verb(program, "images", "list images")
    .option("-q, --quiet", "only the ids")
    .option("--format <template>", "print this of each, in Go's templates, as docker does")
    .addOption(outputOption())
    .action((options: ImagesOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/images.ts")).images(context, options)),
    );
  verb(program, "build", "make an image of a Dockerfile and the folder around it, or those of a project")
    .argument(
      "[path|service...]",
      "a folder (. or with a /), - for an archive or a Dockerfile on standard input; else services of the spec, all when absent",
    )
    .addOption(
      new Option(
        "-f, --file <file>",
        "the Dockerfile (default: PATH/Dockerfile), - for standard input; of services, the spec file",
      ).argParser(append),
    )
    .option("-p, --project <name>", "project name")
    .addOption(new Option("-t, --tag <name[:tag]>", "what to call it; several are fine").argParser(append))
    .addOption(new Option("--build-arg <name=value>", "a value for an ARG").argParser(append))
    .addOption(new Option("--label <name=value>", "a label of the image").argParser(append))
    .option("--target <stage>", "build this stage, and what it needs")
    .option("--platform <os/arch[/variant]>", "for another machine than this")
    .option("--network <mode>", "of RUN: default, none or host")
    .option("--no-cache", "run every step, whatever was built before")
    .option("--pull", "ask registries for newer images, whatever is here")
    .addOption(new Option("--add-host <name:address>", "a further host that RUN knows").argParser(append))
    .option("--shm-size <size>", "size of /dev/shm for RUN")
    .addOption(new Option("--secret <id=…,src=…>", "what RUN --mount=type=secret sees").argParser(append))
    .addOption(new Option("--ssh <id[=socket]>", "an agent for RUN --mount=type=ssh").argParser(append))
    .addOption(new Option("--build-context <name=folder>", "a further context").argParser(append))
    .addOption(new Option("--progress <how>", "how to show it").choices(PROGRESS).default("auto"))
    .option("--iidfile <file>", "write the image's id into it")
    .option("-q, --quiet", "print only the image's id")
    .action((words: readonly string[], options: BuildFlags & SpecFlags, command: Command) =>
      run(command, async (context) => {
        const [path] = words;
        // A bare word is a service's name, as compose has it; a folder has a slash in it.
        if (words.length === 1 && path !== undefined && /^[.-]|\//.test(path))
          return (await import("../verbs/build.ts")).build(context, path, options);
        return (await import("../verbs/build-project.ts")).buildServices(context, words, options);
      }),
    );
  verb(program, "import", "make an image of a root file system archive (tar, gzip)")
    .argument("<file>", "the archive, - for standard input")
    .argument("<name[:tag]>", "what to call it")
    .action((file: string, reference: string, _options: unknown, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/import.ts")).importImage(context, file, reference),
      ),
    );
  verb(program, "pull", "bring an image from its registry")
    .argument("<name[:tag|@digest]>")
    .option("--platform <os/arch[/variant]>", "for another machine than this")
    .option("-q, --quiet", "print only the image's name")
    .action((reference: string, options: PullOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/pull.ts")).pull(context, reference, options)),
    );
  verb(program, "login", "tell a registry who you are, and keep that in ~/.docker/config.json")
    .argument("[server]", "docker.io when absent")
    .option("-u, --username <name>", "asked for when absent")
    .option("-p, --password <password>", "seen by everybody who lists processes: better --password-stdin")
    .option("--password-stdin", "read the password from standard input")
    .action((server: string | undefined, options: LoginOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/login.ts")).login(context, server, options)),
    );
  verb(program, "logout", "forget what a registry knows you by")
    .argument("[server]", "docker.io when absent")
    .action((server: string | undefined, _options: unknown, command: Command) =>
      run(command, async (context) => (await import("../verbs/login.ts")).logout(context, server)),
    );
  verb(program, "push", "bring an image to the registry its name says")
    .argument("<image>")
    .option("-q, --quiet", "print only the image's name")
    .action((reference: string, options: { readonly quiet?: boolean }, command: Command) =>
      run(command, async (context) => (await import("../verbs/push.ts")).push(context, reference, options)),
    );
  verb(program, "tag", "give an image a further name")
    .argument("<image>")
    .argument("<name[:tag]>")
    .action((image: string, reference: string, _options: unknown, command: Command) =>
      run(command, async (context) => (await import("../verbs/tag.ts")).tag(context, image, reference)),
    );
  specOptions(
    verb(program, "history", "show what was applied of a project, or how an image was made"),
    "-f, ",
  )
    .argument("[image]", "the project's revisions when absent")
    .option("--no-trunc", "do not shorten what is long")
    .addOption(outputOption())
    .action((image: string | undefined, options: HistoryOptions & RevisionsOptions, command: Command) =>
      run(command, async (context) =>
        image === undefined
          ? (await import("../verbs/revisions.ts")).revisions(context, options)
          : (await import("../verbs/history.ts")).history(context, image, options),
      ),
    );
  verb(program, "save", "write images into an archive that load takes, here and elsewhere")
    .argument("<image...>")
    .option("-o, --output <file>", "standard output when absent")
    .action((images: readonly string[], options: SaveOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/save.ts")).save(context, images, options)),
    );
  verb(program, "load", "take in the images of an archive: docker's or OCI's, plain or packed")
    .option("-i, --input <file>", "standard input when absent")
    .action((options: LoadOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/load.ts")).load(context, options)),
    );
  const builder = verb(program, "builder", "what can be done with the results of builds");
  verb(builder, "prune", "forget what steps of builds came to, and what their cache mounts hold")
    .addOption(new Option("--filter <until=24h>", "only what is older").argParser(append))
    .addOption(new Option("-a, --all", "what it always does, as docker writes it").hideHelp())
    .option("-f, --force", "do not ask")
    .action((options: BuilderPruneOptions, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/builder-prune.ts")).builderPrune(context, options),
      ),
    );
  const image = verb(program, "image", "what can be done with images, as docker groups it");
  verb(image, "prune", "remove images that no container uses")
    .option("-a, --all", "those with a name as well")
    .option("-f, --force", "do not ask")
    .action((options: ImagePruneOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/image-prune.ts")).imagePrune(context, options)),
    );
  verb(image, "inspect", "show all that is known of images")
    .argument("<image...>")
    .addOption(outputOption(["json", "yaml"]))
    .option("-f, --format <template>", "print this of each, in Go's templates, as docker does")
    .action((names: readonly string[], options: InspectOptions, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/inspect.ts")).inspectImages(context, names, options),
      ),
    );
  verb(program, "rmi", "remove images")
    .argument("<image...>")
    .option("-f, --force", "take the name away even where containers use the image")
    .action((references: readonly string[], options: RmiOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/rmi.ts")).rmi(context, references, options)),
    );
}
