import type { ExecConfig, TerminalSize } from "../../runtime/session.ts";
import { booleanIn, type JsonObject, objectOf, textIn, textsIn } from "./bodies.ts";
import { invalid, NotBuiltError } from "./errors.ts";

const NO_SIZE: TerminalSize = { rows: 0, columns: 0 };
/** TIOCSWINSZ takes 16 bits. */
const LARGEST = 0xffff;

/** What `POST /containers/{id}/exec` asks for (Engine API, ExecConfig). Throws request.invalid. */
export function execRequest(body: unknown): { config: ExecConfig; stdout: boolean; stderr: boolean } {
  const asked = objectOf(body);
  if (booleanIn(asked, "Privileged")) throw new NotBuiltError("exec --privileged");
  const command = textsIn(asked, "Cmd") ?? [];
  if (command.length === 0) throw invalid("No exec command specified", "give Cmd as a list of strings");
  const workingDir = textIn(asked, "WorkingDir");
  const user = textIn(asked, "User");
  const config = {
    command,
    environment: environment(textsIn(asked, "Env") ?? []),
    stdin: booleanIn(asked, "AttachStdin"),
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(user === undefined ? {} : { user }),
    ...(booleanIn(asked, "Tty") ? { terminal: consoleSize(asked) ?? NO_SIZE } : {}),
  };
  return { config, stdout: booleanIn(asked, "AttachStdout"), stderr: booleanIn(asked, "AttachStderr") };
}

/** Docker's list of `NAME=value`. Throws request.invalid. */
export function environment(entries: readonly string[]): Record<string, string> {
  // fromEntries defines own members, so that a variable named __proto__ is only a variable.
  return Object.fromEntries(
    entries.flatMap((entry) => {
      const equals = entry.indexOf("=");
      if (equals === 0) throw invalid(`Env: "${entry}" has no name`);
      // Docker takes a name alone as "unset it"; there is nothing to unset with.
      return equals < 0 ? [] : [[entry.slice(0, equals), entry.slice(equals + 1)]];
    }),
  );
}

/** The size in a body's `ConsoleSize: [rows, columns]`; undefined when it is absent. Throws request.invalid. */
export function consoleSize(body: JsonObject): TerminalSize | undefined {
  const size = body["ConsoleSize"] ?? undefined;
  if (size === undefined) return undefined;
  if (!Array.isArray(size) || size.length !== 2) throw invalid("ConsoleSize: must be [rows, columns]");
  return terminalSize(size[0], size[1]);
}

/** A terminal's size from a stranger. Throws request.invalid. */
export function terminalSize(rows: unknown, columns: unknown): TerminalSize {
  if (isExtent(rows) && isExtent(columns)) return { rows, columns };
  throw invalid(`a terminal's height and width must be whole numbers from 0 to ${LARGEST}`);
}

function isExtent(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= LARGEST;
}
