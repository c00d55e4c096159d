import { resolve } from "node:path";
import { instancePaths, type InstancePaths } from "../host/paths.ts";

/** Where text goes: a terminal, a pipe, or a test's buffer. */
export interface Output {
  write(text: string | Uint8Array): boolean;
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
  /** Its height in lines. */
  readonly rows?: number;
}

/** Everything a verb knows of the process that runs it. */
export interface Context {
  readonly paths: InstancePaths;
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Output;
  readonly stderr: Output;
}

/** The flags every verb takes. */
export interface InstanceFlags {
  readonly root?: string;
  readonly run?: string;
}

/** The context of this process; relative folders are those of the current one, since the daemon works in another. */
export function processContext(flags: InstanceFlags): Context {
  const cwd = process.cwd();
  const given = instancePaths(flags, process.env);
  const paths = instancePaths({ root: resolve(cwd, given.root), run: resolve(cwd, given.run) }, {});
  return {
    paths,
    cwd,
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  };
}

/** Tells the user something that is not the answer itself: standard output stays clean for pipes. */
export function say(context: Pick<Context, "stderr">, message: string): void {
  context.stderr.write(`gantry: ${message}\n`);
}

/** Whether an error only says that we stopped waiting ourselves. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
