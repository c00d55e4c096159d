import { ERROR_CODES, GantryError, messageOf, type ErrorCode } from "../error.ts";

/** The daemon's `{message, code, next}` as the error it was; anything else that is not 2xx becomes one that says so. */
export function answerError(status: number, body: string): GantryError {
  const value = parse(body);
  const message = value["message"];
  const next = value["next"];
  return new GantryError(
    codeOf(value["code"]),
    typeof message === "string" && message !== "" ? message : `the daemon answered with status ${status}`,
    typeof next === "string" && next !== "" ? { next } : {},
  );
}

/**
 * What node:http throws, in the user's words. Errors of ours pass unchanged; anything that happens after we gave up
 * ourselves is an AbortError, whichever side of the connection noticed first.
 */
export function transportError(error: unknown, socket: string, signal?: AbortSignal): Error {
  if (signal?.aborted === true) return new DOMException("stopped waiting", "AbortError");
  if (error instanceof GantryError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  switch (code) {
    case "EACCES":
    case "EPERM":
      return new GantryError("permission", `may not open ${socket}`, {
        next: "needs root: try sudo gantry …",
        cause: error,
      });
    case "ENOENT":
    case "ECONNREFUSED":
      return new GantryError("daemon.unreachable", `no daemon answers on ${socket}`, {
        next: "start it with: gantry daemon",
        cause: error,
      });
    case "ECONNRESET":
    case "EPIPE":
      return new GantryError("daemon.unreachable", "the daemon went away in the middle of its answer", {
        next: "try again; containers go on without it",
        cause: error,
      });
    default:
      return new GantryError("daemon.unreachable", `talking to the daemon failed: ${messageOf(error)}`, {
        cause: error,
      });
  }
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Not JSON: the status is all there is to tell.
  }
  return {};
}

function codeOf(value: unknown): ErrorCode {
  return ERROR_CODES.find((code) => code === value) ?? "internal";
}
