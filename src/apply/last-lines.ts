import { GantryError } from "../error.ts";
import { readLog } from "../runtime/log.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** So many lines say why a program ended; more would hide what they are there for. */
const LINES = 5;
const MOST_BYTES = 300;

/** The same error with the last lines that a container wrote below it: soon the container is gone, and they with it. */
export async function withLastLines(runtime: Runtime, id: string, error: unknown): Promise<unknown> {
  if (!(error instanceof GantryError)) return error;
  const lines: string[] = [];
  try {
    const log = readLog(runtime.records.folder(id), { follow: false, tail: LINES }, Promise.resolve());
    for await (const { data } of log)
      lines.push(Buffer.from(data).subarray(0, MOST_BYTES).toString("utf8").trimEnd());
  } catch {
    return error; // What there is to say is said without them.
  }
  if (lines.length === 0) return error;
  const { code, message, next } = error;
  return new GantryError(
    code,
    `${message}\nits last lines:\n${lines.map((line) => `    ${line}`).join("\n")}`,
    {
      ...(next === undefined ? {} : { next }),
      cause: error,
    },
  );
}
