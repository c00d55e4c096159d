import type { ExecConfig } from "../../runtime/session.ts";
import { booleanIn, objectOf, textIn, textsIn } from "./bodies.ts";
import { invalid, NotBuiltError } from "./errors.ts";

/** What `POST /containers/{id}/exec` asks for (Engine API, ExecConfig). Throws request.invalid. */
export function execRequest(body: unknown): { config: ExecConfig; stdout: boolean; stderr: boolean } {
  const asked = objectOf(body);
  if (booleanIn(asked, "Tty")) throw new NotBuiltError("a terminal (exec -t)");
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
  };
  return { config, stdout: booleanIn(asked, "AttachStdout"), stderr: booleanIn(asked, "AttachStderr") };
}

function environment(entries: readonly string[]): Record<string, string> {
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
