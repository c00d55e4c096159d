import type { FastifyInstance } from "fastify";
import type { Engine } from "../engine.ts";
import { objectOf, textIn } from "./bodies.ts";
import { invalid } from "./errors.ts";

/** `POST /auth`: whether a registry knows somebody (Engine API, SystemAuth). */
export function authRoutes(app: FastifyInstance, engine: Engine): void {
  app.post("/auth", (request) => logIn(engine, request.body));
}

async function logIn(engine: Engine, sent: unknown): Promise<object> {
  const body = objectOf(sent);
  const username = textIn(body, "username");
  const password = textIn(body, "password");
  if (username === undefined || password === undefined) throw invalid("a login needs username and password");
  const server = (textIn(body, "serveraddress") ?? "docker.io")
    .replace(/^https?:\/\//, "")
    .replace(/\/.*$/, "");
  if (!/^(?:[\w.-]+|\[[\da-fA-F:]+\])(?::\d+)?$/.test(server))
    throw invalid(`"${server}" is not a registry's address`);
  await engine.images.logIn(server === "index.docker.io" ? "docker.io" : server, { username, password });
  return { Status: "Login Succeeded", IdentityToken: "" };
}
