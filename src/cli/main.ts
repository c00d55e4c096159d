#!/usr/bin/env node
import { CommanderError } from "commander";
import { processContext, type InstanceFlags } from "./context.ts";
import { buildProgram } from "./program.ts";
import { exitStatus, reportError, usageStatus } from "./report-error.ts";

/** `| head` closed the pipe: there is nobody left to tell anything. */
function quietWhenClosed(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
}
process.stdout.on("error", quietWhenClosed);
process.stderr.on("error", quietWhenClosed);

let verb: string | undefined;

const program = buildProgram(async (command, run) => {
  process.exitCode = await run(processContext(command.optsWithGlobals<InstanceFlags>()));
});
program.hook("preSubcommand", (_program, command) => {
  verb = command.name();
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : usageStatus(verb);
  } else {
    reportError({ stderr: process.stderr, env: process.env }, error);
    process.exitCode = exitStatus(verb, error);
  }
}
