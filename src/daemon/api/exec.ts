import type { FastifyInstance } from "fastify";
import { GantryError } from "../../error.ts";
import type { ExecSession } from "../../runtime/session.ts";
import type { Engine } from "../engine.ts";
import { booleanIn, objectOf } from "./bodies.ts";
import { containerReference, type ContainerParams } from "./container-reference.ts";
import { consoleSize, execRequest, terminalSize } from "./exec-body.ts";
import type { Exec, ExecRegistry } from "./exec-registry.ts";
import { frame, MULTIPLEXED, RAW } from "./frame.ts";
import { Query } from "./query.ts";
import { sendStream } from "./stream.ts";

interface OneExec {
  Params: { exec: string };
}

/** Docker's routes that run a command in a running container. Starting it with a hijacked connection is exec-hijack.ts. */
export function execRoutes(app: FastifyInstance, engine: Engine, registry: ExecRegistry): void {
  app.post<{ Params: ContainerParams }>("/containers/:container/exec", async (request, reply) => {
    const asked = execRequest(request.body);
    const { id, name, state, paused } = await engine.containers.find(containerReference(request));
    if (state !== "running") {
      const options = { next: `try: gantry start ${name}` };
      throw new GantryError("container.not-running", `container ${name} is not running`, options);
    }
    // Said here, since docker's client shows no error of the upgrade that follows.
    if (paused === true)
      throw new GantryError("conflict", `container ${name} is paused`, {
        next: `try: gantry unpause ${name}`,
      });
    const exec = registry.create({ ...asked, containerId: id });
    return reply.code(201).send({ Id: exec.id });
  });

  app.post<OneExec>("/exec/:exec/start", async (request, reply) => {
    const body = objectOf(request.body);
    const exec = registry.find(request.params.exec);
    exec.size = consoleSize(body) ?? exec.size;
    const session = await registry.start(exec);
    // Only a hijacked connection can carry stdin.
    session.stdin.end();
    if (booleanIn(body, "Detach")) {
      void discard(session);
      return reply.code(200).send();
    }
    return sendStream(reply, contentType(exec), outputOf(exec, session));
  });

  app.post<OneExec>("/exec/:exec/resize", async (request, reply) => {
    const query = new Query(request);
    const size = terminalSize(query.integer("h"), query.integer("w"));
    registry.resize(registry.find(request.params.exec), size);
    return reply.code(200).send();
  });

  app.get<OneExec>("/exec/:exec/json", (request, reply) => {
    void reply.send(execDetail(registry.find(request.params.exec)));
  });
}

/** Of a terminal its output is sent as it is, of pipes in frames. */
export function contentType({ config }: Exec): string {
  return config.terminal === undefined ? MULTIPLEXED : RAW;
}

/** The command's output in that form; ends once it is closed and the exit status is known. */
export async function* outputOf(exec: Exec, session: ExecSession): AsyncGenerator<Uint8Array> {
  for await (const { stream, data } of session.output) {
    if (exec[stream]) yield exec.config.terminal === undefined ? frame(stream, data) : data;
  }
  await session.exit.catch(() => {});
}

/** A detached command must not block on a full pipe. */
async function discard(session: ExecSession): Promise<void> {
  try {
    for await (const chunk of session.output) void chunk;
  } catch {
    // The exit status tells what became of it.
  }
}

/** Engine API, ExecInspectResponse. */
function execDetail(exec: Exec): object {
  const [entrypoint, ...args] = exec.config.command;
  return {
    ID: exec.id,
    ContainerID: exec.containerId,
    Running: exec.running,
    ExitCode: exec.exitCode ?? null,
    Pid: exec.pid,
    OpenStdin: exec.config.stdin,
    OpenStdout: exec.stdout,
    OpenStderr: exec.stderr,
    CanRemove: false,
    DetachKeys: "",
    ProcessConfig: {
      tty: exec.config.terminal !== undefined,
      entrypoint,
      arguments: args,
      privileged: false,
      ...(exec.config.user === undefined ? {} : { user: exec.config.user }),
    },
  };
}
