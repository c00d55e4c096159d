import { fastify, type FastifyInstance } from "fastify";
import type { Engine } from "../engine.ts";
import { authRoutes } from "./auth.ts";
import { attachRoutes, attachUpgrade } from "./attach.ts";
import { acceptJson, answerPlainJson, BODY_LIMIT } from "./bodies.ts";
import { buildRoutes } from "./build.ts";
import { containerRoutes } from "./containers.ts";
import { createRoutes } from "./create/routes.ts";
import { answerErrors } from "./errors.ts";
import { diskUsageRoutes } from "./disk-usage.ts";
import { eventRoutes } from "./events.ts";
import { execUpgrade } from "./exec-hijack.ts";
import { ExecRegistry } from "./exec-registry.ts";
import { execRoutes } from "./exec.ts";
import { fileRoutes, fileUploadRoutes } from "./container-files.ts";
import { imageLoadRoutes } from "./image-archive.ts";
import { imageImportRoutes } from "./image-import.ts";
import { imageRoutes } from "./images.ts";
import { logRoutes } from "./logs.ts";
import { networkRoutes } from "./networks.ts";
import { notBuiltRoutes } from "./not-built.ts";
import { projectRoutes } from "./projects.ts";
import { refuseGarbage } from "./raw-answer.ts";
import { usageRoutes } from "./usage.ts";
import { systemRoutes, type DaemonInfo } from "./system.ts";
import { acceptUpgrades } from "./upgrade.ts";
import { volumeRoutes } from "./volumes.ts";
import { waitRoutes } from "./wait.ts";
import { withoutVersion } from "./version.ts";

/** Characters: a longer name or id is refused before any route sees it. */
const LONGEST_PARAMETER = 1024;

/** Routes read their bodies by functions of ours, so fastify's schema compilers, half of its start-up, stay unloaded. */
function noSchema(): never {
  throw new Error("a route has a schema, but no compiler for one is loaded");
}

/**
 * The daemon's API, ready to listen: Docker's Engine API with and without its `/v1.NN`, and `/gantry/v1`.
 * It holds no state but the execs; everything else is one call to the engine.
 */
export function buildApi(engine: Engine, info: DaemonInfo): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    clientErrorHandler: refuseGarbage,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    schemaController: { compilersFactory: { buildValidator: noSchema, buildSerializer: noSchema } },
    rewriteUrl: (request) => withoutVersion(request.url ?? "/"),
  });
  acceptJson(app);
  answerPlainJson(app);
  answerErrors(app);
  const execs = new ExecRegistry(engine);
  systemRoutes(app, engine, info);
  containerRoutes(app, engine);
  createRoutes(app, engine);
  waitRoutes(app, engine);
  volumeRoutes(app, engine);
  fileRoutes(app, engine);
  logRoutes(app, engine);
  usageRoutes(app, engine);
  execRoutes(app, engine, execs);
  attachRoutes(app, engine);
  acceptUpgrades(app, [execUpgrade(execs), attachUpgrade(engine)]);
  imageRoutes(app, engine);
  authRoutes(app, engine);
  networkRoutes(app, engine);
  diskUsageRoutes(app, engine);
  eventRoutes(app, engine);
  projectRoutes(app, engine);
  // Plugins, since they read bodies in their own ways.
  app.register((plugin, _options, done) => {
    imageImportRoutes(plugin, engine);
    imageLoadRoutes(plugin, engine);
    fileUploadRoutes(plugin, engine);
    buildRoutes(plugin, engine);
    done();
  });
  app.register((plugin, _options, done) => {
    notBuiltRoutes(plugin);
    done();
  });
  return app;
}
