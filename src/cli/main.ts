#!/usr/bin/env node
import { basename } from "node:path";
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

/** Called as an OCI runtime: by a name of its own, as other engines want one, or as a verb. */
const called = basename(process.argv[1] ?? "");
const asRuntime = called === "gantry-oci" || called === "runc";

async function runVerb(): Promise<void> {
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
}

if (asRuntime || process.argv[2] === "oci") {
  const { oci } = await import("../oci/main.ts");
  process.exitCode = await oci(asRuntime ? called : "gantry oci", process.argv.slice(asRuntime ? 2 : 3));
} else await runVerb();
