import { messageOf } from "../../error.ts";
import type { ExecSession } from "../session.ts";
import type { ProbeResult } from "./state.ts";

/** Bytes of a probe's output that are kept, as docker has it. */
const KEPT_BYTES = 4096;
const SIGKILL = 9;
const TOO_LONG = -1;
/** What a shell says of a command it cannot run. */
const CANNOT_RUN = 126;

/** Runs a command once. Never rejects: a command that cannot be run has failed. */
export async function probe(
  check: { readonly command: readonly string[]; readonly timeoutMs: number },
  open: (command: readonly string[]) => Promise<ExecSession>,
): Promise<ProbeResult> {
  const start = Date.now();
  try {
    const session = await open(check.command);
    session.stdin.end();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      session.kill(SIGKILL);
    }, check.timeoutMs);
    const output: Uint8Array[] = [];
    let bytes = 0;
    for await (const { data } of session.output) {
      if (bytes < KEPT_BYTES) output.push(data.subarray(0, KEPT_BYTES - bytes));
      bytes += data.length;
    }
    const code = await session.exit;
    clearTimeout(timer);
    const text = Buffer.concat(output).toString("utf8");
    if (!late) return { start, end: Date.now(), exitCode: code, output: text };
    const words = `${text}Health check exceeded timeout (${check.timeoutMs} ms)`;
    return { start, end: Date.now(), exitCode: TOO_LONG, output: words };
  } catch (error) {
    return { start, end: Date.now(), exitCode: CANNOT_RUN, output: messageOf(error) };
  }
}
