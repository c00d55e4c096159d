import { GantryError, messageOf } from "../error.ts";
import type { SpecError } from "../spec/diagnostic.ts";
import type { Context } from "./context.ts";

/** Prints an error: `gantry: message`, then what to do next, indented. Spec errors are their diagnostics and nothing else. */
export function reportError(context: Pick<Context, "stderr" | "env">, error: unknown): void {
  context.stderr.write(errorText(error, context.env["GANTRY_DEBUG"] !== undefined));
}

/** The text of an error as a user reads it, ending with a newline; with its stack where that was asked for. */
export function errorText(error: unknown, withStack: boolean): string {
  const stack = withStack && error instanceof Error && error.stack !== undefined ? `${error.stack}\n` : "";
  if (!(error instanceof GantryError)) return `gantry: ${messageOf(error)}\n${stack}`;
  if (isSpecError(error))
    return (error.code === "spec.not-found" ? missingText(error) : `${error.message}\n`) + stack;
  const next = error.next === undefined ? "" : `  ${error.next}\n`;
  return `gantry: ${error.message}\n${next}${stack}`;
}

/** By its field, not its class: loading the class would load a file of the spec's room with every verb. */
function isSpecError(error: GantryError): error is SpecError {
  return error.code.startsWith("spec.") && "diagnostics" in error;
}

/** A file that is not there has no line or column worth showing. */
function missingText({ diagnostics, next }: SpecError): string {
  const lines = diagnostics.map(
    ({ file, message }) => `gantry: ${file === "." ? "" : `${file}: `}${message}\n`,
  );
  return lines.join("") + (next === undefined ? "" : `  ${next}\n`);
}

/** Verbs whose status is that of a command in a container: a failure of ours must be another one. */
const ENDS_WITH_THE_COMMANDS = new Set(["exec", "run"]);

/** The exit status of a verb that failed: what docker and shells use for exec, `plan` keeps 2 for "there are changes". */
export function exitStatus(verb: string | undefined, error: unknown): number {
  const code = error instanceof GantryError ? error.code : undefined;
  if (ENDS_WITH_THE_COMMANDS.has(verb ?? "")) {
    if (code === "command.not-found") return 127;
    return code === "command.not-executable" ? 126 : 125;
  }
  return code === "request.invalid" ? usageStatus(verb) : 1;
}

/** The exit status of a command line that makes no sense. */
export function usageStatus(verb: string | undefined): number {
  if (ENDS_WITH_THE_COMMANDS.has(verb ?? "")) return 125;
  return verb === "plan" ? 1 : 2;
}
