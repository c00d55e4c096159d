import { rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { decodeFailure } from "../../runtime/frames.ts";
import { parseBundle } from "../bundle.ts";
import type { Parsed } from "../command-line.ts";
import { runHook } from "../hooks.ts";
import { warn } from "../log.ts";
import { OciError } from "../oci-error.ts";
import { explainFailure } from "../oneshot.ts";
import { type ContainerState, publicState, readState, START_SOCKET, statusOf } from "../state-folder.ts";
import type { Globals } from "../verbs.ts";

/** `start ID`: lets a created container's program go. */
export async function start({ root }: Globals, parsed: Parsed): Promise<number> {
  const state = readState(root, parsed.words[0] ?? "");
  const status = statusOf(root, state);
  if (status === "stopped") throw new OciError("cannot start a container that has stopped");
  if (status !== "created") throw new OciError(`cannot start an already running container`);
  await startContainer(root, state);
  return 0;
}

/** Throws OciError when the program cannot be executed; a poststart hook that fails is only warned of (runtime.md). */
export async function startContainer(root: string, state: ContainerState): Promise<void> {
  const path = join(root, state.id, START_SOCKET);
  const answer = await speak(path);
  rmSync(path, { force: true });
  if (answer.length > 0) throw explainFailure(decodeFailure(answer));
  for (const hook of parseBundle(state.config).hooks.poststart) {
    try {
      runHook(hook, publicState(state, "running"));
    } catch (error) {
      warn(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Connecting is all there is to say; what comes back before the line closes is a failure. */
async function speak(path: string): Promise<Buffer> {
  // By a relative name: the folder's path may be longer than a socket address holds.
  const before = process.cwd();
  process.chdir(join(path, ".."));
  const socket = connect(START_SOCKET);
  process.chdir(before);
  const chunks: Buffer[] = [];
  return await new Promise((resolve, reject) => {
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" ? resolve(Buffer.concat(chunks)) : reject(new OciError(error.message)),
    );
    socket.on("close", () => resolve(Buffer.concat(chunks)));
  });
}
