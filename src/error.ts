/**
 * Every error a user can meet has one of these codes; the list is closed so that callers can switch over it.
 * The API sends `{message, code, next}`; the CLI maps codes to exit statuses as docker does.
 */
export const ERROR_CODES = [
  "spec.not-found", // no file where one was expected
  "spec.syntax", // not YAML
  "spec.invalid", // YAML, but not what the schema or the checks allow
  "port.taken", // a host port is bound by somebody else
  "image.not-found",
  "image.invalid", // not an image, or a hostile one
  "image.in-use",
  "registry.unreachable", // no answer, or none that makes sense
  "registry.denied", // it does not know the user, or does not let him
  "registry.limited", // too many requests for now
  "container.not-found",
  "container.running",
  "container.not-running",
  "command.not-found", // exit 127
  "command.not-executable", // exit 126
  "project.not-found",
  "revision.not-found", // of a project
  "path.not-found", // nothing at a path inside a container
  "volume.not-found",
  "volume.in-use",
  "network.not-found",
  "network.exhausted", // no free subnet or address
  "limit.unsupported", // a limit was asked for that this machine cannot enforce
  "permission", // not root
  "daemon.unreachable",
  "request.invalid", // an API request that makes no sense
  "conflict", // the name is taken, or the world moved
  "kernel", // a system call failed where none should
  "build.failed", // a command of a Dockerfile ended with another status than 0
  "internal", // a defect of gantry's
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface GantryErrorOptions {
  /** What to do about it, as a short imperative sentence: `try: gantry logs web`. */
  readonly next?: string;
  readonly cause?: unknown;
}

/** An error meant for the user's eyes: what went wrong, and what to do next. */
export class GantryError extends Error {
  override readonly name = "GantryError";
  readonly code: ErrorCode;
  readonly next: string | undefined;

  constructor(code: ErrorCode, message: string, options: GantryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.next = options.next;
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
