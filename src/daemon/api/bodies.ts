import type { FastifyInstance } from "fastify";
import { invalid } from "./errors.ts";

/** Bytes of JSON that one request may carry. */
export const BODY_LIMIT = 4 * 1024 * 1024;

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads bodies as JSON. An empty body is none, whatever its media type: docker's CLI calls it text/plain.
 * Objects with a `__proto__` key are refused, so that no copy made further in can change a prototype.
 */
export function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    // Fastify's parser, which reports through the same callback.
    void parse(request, body as string, done);
  });
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    done(Object.assign(new Error("the body must be application/json"), { statusCode: 415 }));
  });
}

/** Docker's client reads an error's message only under exactly this media type, without fastify's charset. */
export function answerPlainJson(app: FastifyInstance): void {
  app.addHook("onSend", (_request, reply, payload, done) => {
    const type = reply.getHeader("content-type");
    if (typeof type === "string" && type.startsWith("application/json;")) reply.type("application/json");
    done(null, payload);
  });
}

/** A body that must be an object; absent counts as an empty one. */
export function objectOf(body: unknown): JsonObject {
  if (body === undefined || body === null) return {};
  if (typeof body !== "object" || Array.isArray(body)) throw invalid("the body must be a JSON object");
  return body as JsonObject;
}

/** A boolean member; false when absent or null. */
export function booleanIn(body: JsonObject, key: string): boolean {
  const value = body[key] ?? false;
  if (typeof value !== "boolean") throw invalid(`${key}: must be true or false`);
  return value;
}

/** A string member; undefined when absent, null or empty. */
export function textIn(body: JsonObject, key: string): string | undefined {
  const value = body[key] ?? "";
  if (typeof value !== "string") throw invalid(`${key}: must be a string`);
  return value === "" ? undefined : value;
}

/** A list of strings; undefined when absent or null. */
export function textsIn(body: JsonObject, key: string): readonly string[] | undefined {
  const value = body[key] ?? undefined;
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw invalid(`${key}: must be a list of strings`);
  }
  return value;
}

/** A member that is an object; an empty one when absent or null. */
export function objectIn(body: JsonObject, key: string): JsonObject {
  const value = body[key] ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw invalid(`${key}: must be an object`);
  return value as JsonObject;
}

/** A list of objects; empty when absent or null. */
export function objectsIn(body: JsonObject, key: string): readonly JsonObject[] {
  const value = body[key] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "object" && item !== null))
    throw invalid(`${key}: must be a list of objects`);
  return value as readonly JsonObject[];
}

/** A map of strings to strings; empty when absent or null. */
export function textMapIn(body: JsonObject, key: string): Readonly<Record<string, string>> {
  const entries = Object.entries(objectIn(body, key)).map(([name, value]) => {
    if (typeof value !== "string") throw invalid(`${key}.${name}: must be a string`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

/** A whole number; undefined when absent or null. */
export function integerIn(body: JsonObject, key: string): number | undefined {
  const value = body[key] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw invalid(`${key}: must be a whole number`);
  return value;
}
