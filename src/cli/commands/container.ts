import type { Command } from "commander";
import type { InspectOptions } from "../inspect-each.ts";
import type { Run } from "../program.ts";
import type { CpOptions } from "../verbs/cp.ts";
import type { CommitOptions } from "../verbs/commit.ts";
import type { RevisionsOptions } from "../verbs/revisions.ts";
import type { ExportOptions } from "../verbs/export.ts";
import type { ExecOptions } from "../verbs/exec.ts";
import type { LogsOptions } from "../verbs/logs.ts";
import type { PsOptions } from "../verbs/ps.ts";
import type { RmOptions } from "../verbs/rm.ts";
import { append, group, lineCount, outputOption, specOptions, verb } from "./options.ts";

/** Verbs about containers, in docker's words. */
export function containerCommands(program: Command, run: Run): void {
  group(program, "Services and containers:");
  verb(program, "ps", "list containers of all projects")
    .option("-a, --all", "those that do not run too")
    .option("-q, --quiet", "only the ids")
    .option("--no-trunc", "show everything in full")
    .option("-p, --project <name>", "only this project's")
    .option("--filter <name=value>", "only some: status, name, label, ancestor, ... as docker has it", append)
    .option("--format <template>", "print this of each, in Go's templates, as docker does")
    .addOption(outputOption())
    .action((options: PsOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/ps.ts")).ps(context, options)),
    );
  specOptions(verb(program, "logs", "show what containers wrote"), "")
    .argument("[service|container...]", "whose; the whole project's when absent")
    .option("-f, --follow", "go on with what comes")
    .option("-n, --tail <lines>", "only the last so many of each container", lineCount)
    .option("-t, --timestamps", "with times")
    .action((words: readonly string[], options: LogsOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/logs.ts")).logs(context, words, options)),
    );
  specOptions(verb(program, "exec", "run a command inside a running container"), "")
    .argument("<service|container>", "where; of a service, its first running replica")
    .argument("<command...>", "the command and its arguments")
    .option("-i, --interactive", "hand standard input on")
    .option("-t, --tty", "on a terminal of its own")
    .option("--detach-keys <keys>", "what leaves it running and returns (default ctrl-p,ctrl-q)")
    .option("-e, --env <name[=value]>", "add to its environment", append)
    .option("-w, --workdir <folder>", "where it starts")
    .option("-u, --user <user[:group]>", "as whom")
    .passThroughOptions()
    .action((target: string, words: readonly string[], options: ExecOptions, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/exec.ts")).exec(context, target, words, options),
      ),
    );
  verb(program, "rm", "remove containers")
    .argument("<container...>")
    .option("-f, --force", "kill those that run")
    .option("-v, --volumes", "their anonymous volumes too")
    .action((containers: readonly string[], options: RmOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/rm.ts")).rm(context, containers, options)),
    );
  verb(program, "commit", "make an image of a container's image and what it has written since")
    .argument("<container>")
    .argument("[name[:tag]]", "what to call the image")
    .option("-a, --author <author>", "whose it is")
    .option("-m, --message <text>", "what to remember about it")
    .option("-c, --change <instruction>", "say more about it, in a Dockerfile's words: CMD, ENV, ...", append)
    .option("--no-pause", "let the container go on meanwhile")
    .action((container: string, name: string | undefined, options: CommitOptions, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/commit.ts")).commit(context, container, name, options),
      ),
    );
  verb(program, "cp", "copy files between a container and this machine")
    .argument("<source>", "CONTAINER:PATH, a path here, or - for an archive on standard input")
    .argument("<target>", "CONTAINER:PATH, a path here, or - for an archive on standard output")
    .option("-L, --follow-link", "copy what a link leads to")
    .option("-a, --archive", "keep owners")
    .option("-q, --quiet", "as docker has it; nothing is said anyway")
    .action((source: string, target: string, options: CpOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/cp.ts")).cp(context, source, target, options)),
    );
  specOptions(
    verb(
      program,
      "diff",
      "list what a container has changed of its image's files, or what lies between two revisions",
    ),
    "-f, ",
  )
    .argument("<container|revision>")
    .argument("[revision]")
    .addOption(outputOption())
    .action((first: string, second: string | undefined, options: RevisionsOptions, command: Command) =>
      run(command, async (context) =>
        second === undefined
          ? (await import("../verbs/diff.ts")).diff(context, first, options)
          : (await import("../verbs/compare.ts")).compare(context, [first, second], options),
      ),
    );
  verb(program, "export", "write a container's files into an archive that import takes")
    .argument("<container>")
    .option("-o, --output <file>", "standard output when absent")
    .action((container: string, options: ExportOptions, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/export.ts")).exportContainer(context, container, options),
      ),
    );
  verb(program, "inspect", "show everything known of containers or images")
    .argument("<container|image...>")
    .addOption(outputOption(["json", "yaml"]))
    .option("-f, --format <template>", "print this of each, in Go's templates, as docker does")
    .action((names: readonly string[], options: InspectOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/inspect.ts")).inspect(context, names, options)),
    );
}
