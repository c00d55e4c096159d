import { spawnSync } from "node:child_process";
import type { Context } from "./context.ts";

/**
 * Runs work while the terminal hands every key on as it is typed, ctrl-C included. Its own mode comes back however
 * the work or this process ends, short of SIGKILL.
 */
export async function withRawTerminal<T>(
  { stdin }: Pick<Context, "stdin">,
  work: () => Promise<T>,
): Promise<T> {
  const restore = (): void => void stdin.setRawMode(false);
  const hangUp = (): void => process.exit(129); // 128 + SIGHUP; restores on its way
  process.once("exit", restore);
  process.once("SIGHUP", hangUp);
  stdin.setRawMode(true);
  // Node leaves newlines to be turned into two characters, which moves a full-screen program's cursor; what is restored
  // below includes this. Without stty it is only less pretty.
  spawnSync("stty", ["-opost"], { stdio: ["inherit", "ignore", "ignore"] });
  try {
    return await work();
  } finally {
    restore();
    process.off("exit", restore);
    process.off("SIGHUP", hangUp);
  }
}

/** Calls back at every change of the terminal's size until the returned function is called. */
export function onResize(
  { stdout }: Pick<Context, "stdout">,
  changed: (rows: number, columns: number) => void,
): () => void {
  const tell = (): void => {
    if (stdout.rows !== undefined && stdout.columns !== undefined) changed(stdout.rows, stdout.columns);
  };
  // Node's own listener came first: rows and columns are the new ones by then.
  process.on("SIGWINCH", tell);
  return () => process.off("SIGWINCH", tell);
}
