import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { GantryError, messageOf, type ErrorCode } from "../../error.ts";
import type { ErrorBody } from "../protocol.ts";

const STATUS: Readonly<Record<ErrorCode, number>> = {
  "spec.not-found": 404,
  "spec.syntax": 400,
  "spec.invalid": 400,
  "port.taken": 409,
  "image.not-found": 404,
  "image.invalid": 400,
  "image.in-use": 409,
  "build.failed": 400,
  "registry.unreachable": 500,
  "registry.denied": 403,
  "registry.limited": 429,
  "network.not-found": 404,
  "container.not-found": 404,
  "container.running": 409,
  "container.not-running": 409,
  "command.not-found": 400,
  "command.not-executable": 400,
  "project.not-found": 404,
  "revision.not-found": 404,
  "path.not-found": 404,
  "volume.not-found": 404,
  "volume.in-use": 409,
  "network.exhausted": 500,
  "limit.unsupported": 400,
  permission: 403,
  "daemon.unreachable": 500,
  "request.invalid": 400,
  conflict: 409,
  kernel: 500,
  internal: 500,
};

/** A request that Docker's API knows and gantry does not answer yet: 501. */
export class NotBuiltError extends GantryError {
  constructor(what: string) {
    super("request.invalid", `${what} is not built yet in gantry`);
  }
}

/** A request that makes no sense: 400. */
export function invalid(message: string, next?: string): GantryError {
  return new GantryError("request.invalid", message, next === undefined ? {} : { next });
}

/** The HTTP status for anything thrown. */
export function statusOf(error: unknown): number {
  if (error instanceof NotBuiltError) return 501;
  if (error instanceof GantryError) return STATUS[error.code];
  // Fastify's own: a body too large, not JSON, of an unknown media type.
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}

/** The body for anything thrown. `message` alone is what docker's clients read. */
export function errorBody(error: unknown): ErrorBody {
  const message = messageOf(error);
  if (error instanceof GantryError) {
    return { message, code: error.code, ...(error.next === undefined ? {} : { next: error.next }) };
  }
  return { message, code: statusOf(error) < 500 ? "request.invalid" : "internal" };
}

/**
 * Answers errors as `{message, code, next}`. Where a path names a container or an image, a missing one is reported in
 * the words that docker's clients look for.
 */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    void reply.code(statusOf(error)).send(inDockersWords(errorBody(error), request));
  });
  app.setNotFoundHandler((request, reply) => {
    const version = /^\/v(\d+\.\d+)\//.exec(request.url)?.[1];
    if (version === undefined) return reply.code(404).send(pageNotFound());
    const message = `client version ${version} is not supported: gantry speaks API versions 1.24 to 1.50`;
    return reply.code(400).send({ message, code: "request.invalid" } satisfies ErrorBody);
  });
}

function pageNotFound(): ErrorBody {
  return { message: "page not found", code: "request.invalid", next: "see docs/api.md for the paths served" };
}

function inDockersWords(body: ErrorBody, request: FastifyRequest): ErrorBody {
  const params = request.params as Readonly<Record<string, string | undefined>>;
  if (body.code === "container.not-found" && params["container"] !== undefined) {
    return { ...body, message: `No such container: ${params["container"]}` };
  }
  // By these words its CLI knows which status to end with: 127 or 126.
  if (body.code === "command.not-found")
    return { ...body, message: `${body.message}: executable file not found` };
  if (body.code === "command.not-executable")
    return { ...body, message: `${body.message}: permission denied` };
  return body;
}
