import type { FastifyInstance, HTTPMethods } from "fastify";
import { NotBuiltError } from "./errors.ts";

/** Paths of Docker's Engine API that gantry does not answer yet. Building one means taking it off this list. */
const NOT_BUILT: readonly (readonly [HTTPMethods, ...string[]])[] = [
  ["GET", "/containers/:container/attach/ws"],
  ["GET", "/images/search"],
  ["POST", "/build/cancel"],
  ["POST", "/session", "/grpc"],
  ["PUT", "/volumes/:name"],
  ["GET", "/distribution/*", "/plugins", "/plugins/*"],
  ["POST", "/plugins/*"],
  ["DELETE", "/plugins/*"],
];

const SWARM = ["swarm", "nodes", "services", "tasks", "secrets", "configs"];

/** Docker's own words: its clients know them. */
const NO_SWARM =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

/** Answers the rest of Docker's API: 501 where gantry may come to it, 503 for swarm. */
export function notBuiltRoutes(app: FastifyInstance): void {
  // Whatever such a request carries is not read.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));

  for (const [method, ...paths] of NOT_BUILT) {
    for (const url of paths) {
      app.route({
        method,
        url,
        handler: () => {
          throw new NotBuiltError(`${method} ${url.replace(/:(\w+)/g, "{$1}")}`);
        },
      });
    }
  }
  for (const family of SWARM) {
    for (const url of [`/${family}`, `/${family}/*`]) {
      app.all(url, (_request, reply) => {
        void reply.code(503).send({ message: NO_SWARM, code: "request.invalid" });
      });
    }
  }
}
