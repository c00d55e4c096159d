import { errnoName } from "../../host/errno.ts";
import type { ProbeQuestion } from "../container.ts";
import type { ProcessIdentity } from "../namespaces.ts";
import { httpRequest, httpVerdict } from "./http.ts";
import type { Prober } from "./prober.ts";
import type { ProbeResult } from "./state.ts";

/** As the exit status of a command: it failed, and it took too long. */
const FAILED = 1;
const TOO_LONG = -1;
const KEPT_CHARACTERS = 4096;

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens",
  ECONNRESET: "the connection was reset",
  ESRCH: "the container has ended",
};

/** Asks a port of a container once. */
export async function portProbe(
  prober: Prober,
  question: Exclude<ProbeQuestion, { kind: "exec" }>,
  process: ProcessIdentity,
  timeoutMs: number,
): Promise<ProbeResult> {
  const start = Date.now();
  const bytes = question.kind === "http" ? httpRequest(question) : new Uint8Array();
  const { errno, response } = await prober.ask({ process, port: question.port, timeoutMs, bytes });
  const end = Date.now();
  if (errno !== 0) {
    const name = errnoName(errno);
    const late = name === "ETIMEDOUT";
    const words = late ? `no answer within ${timeoutMs} ms` : (WORDS[name] ?? name);
    return { start, end, exitCode: late ? TOO_LONG : FAILED, output: `port ${question.port}: ${words}` };
  }
  if (question.kind === "tcp") return { start, end, exitCode: 0, output: `port ${question.port}: open` };
  const { good, output } = httpVerdict(question, response);
  return { start, end, exitCode: good ? 0 : FAILED, output: output.slice(0, KEPT_CHARACTERS) };
}
