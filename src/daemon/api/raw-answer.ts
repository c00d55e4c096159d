import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { errorBody, invalid, statusOf } from "./errors.ts";

/** How long a refused client may go on sending before it is cut off. */
const LINGER_MS = 1000;

/**
 * Answers an error on a bare connection and closes it. What the client still sends is read and dropped for a moment:
 * closing at once would reset the connection, and the answer with it.
 */
export function refuse(connection: Duplex, error: unknown, status = statusOf(error)): void {
  if (connection.writableEnded || connection.destroyed) return;
  const body = `${JSON.stringify(errorBody(error))}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  const cut = setTimeout(() => connection.destroy(), LINGER_MS);
  connection.once("close", () => clearTimeout(cut));
  connection.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  connection.resume();
}

/** Answers what is no HTTP, too large a head, or a head that takes too long. */
export function refuseGarbage(error: Error & { code?: string }, connection: Duplex): void {
  if (error.code === "HPE_HEADER_OVERFLOW")
    refuse(connection, invalid("the request's head is too large"), 431);
  else if (error.code === "ERR_HTTP_REQUEST_TIMEOUT")
    refuse(connection, invalid("the request took too long"), 408);
  else if (error.code === "ECONNRESET") connection.destroy();
  else refuse(connection, invalid("this is not an HTTP request"));
}
