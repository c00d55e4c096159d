import type { FastifyInstance } from "fastify";
import { GantryError } from "../../error.ts";
import type { Engine } from "../engine.ts";
import { objectOf, textIn, textsIn } from "./bodies.ts";
import { invalid } from "./errors.ts";
import { sendProgress } from "./progress.ts";
import { projectReader } from "./project-body.ts";
import { Query } from "./query.ts";
import { disconnection } from "./stream.ts";

interface OneProject {
  Params: { project: string };
}

const MOST = 100_000;

/** `/gantry/v1`: what Docker's API has no word for. Shapes: src/daemon/protocol.ts. */
export function projectRoutes(app: FastifyInstance, engine: Engine): void {
  const { projects } = engine;
  const readProject = projectReader();

  app.get("/gantry/v1/doctor", () => engine.doctor());
  app.get("/gantry/v1/ports", () => engine.ports());
  app.get("/gantry/v1/projects", () => projects.list());
  app.get<OneProject>("/gantry/v1/projects/:project", (request) => projects.get(nameOf(request)));

  app.put<OneProject>("/gantry/v1/projects/:project", (request, reply) => {
    const project = readProject(objectOf(request.body)["project"], nameOf(request));
    const wait = new Query(request).flag("wait");
    return sendProgress(reply, projects.apply(project, { wait, signal: disconnection(reply) }));
  });

  app.post<OneProject>("/gantry/v1/projects/:project/plan", (request) => {
    const name = nameOf(request);
    const project = objectOf(request.body)["project"];
    return projects.plan(name, project === undefined ? undefined : readProject(project, name));
  });

  app.get<OneProject>("/gantry/v1/projects/:project/history", (request) => projects.history(nameOf(request)));

  app.get<OneProject>("/gantry/v1/projects/:project/history/compare", (request) => {
    const query = new Query(request);
    const [from, to] = ["from", "to"].map((key) => query.integer(key));
    if (from === undefined || to === undefined) throw invalid("from, to: give the numbers of two revisions");
    return projects.compare(nameOf(request), from, to).then((changes) => ({ changes }));
  });

  app.post<OneProject>("/gantry/v1/projects/:project/undo", (request, reply) => {
    const to = request.body === undefined ? undefined : objectOf(request.body)["to"];
    if (to !== undefined && !isCount(to)) throw invalid("to: must be the number of a revision");
    return sendProgress(reply, projects.undo(nameOf(request), to));
  });

  app.post<OneProject>("/gantry/v1/projects/:project/scale", (request, reply) => {
    const body = objectOf(request.body);
    const service = textIn(body, "service");
    const replicas = body["replicas"];
    if (service === undefined) throw invalid("service: name the service to scale");
    if (!isCount(replicas)) throw invalid(`replicas: must be a whole number from 0 to ${MOST}`);
    return sendProgress(reply, projects.scale(nameOf(request), service, replicas));
  });

  for (const verb of ["stop", "start", "restart"] as const) {
    app.post<OneProject>(`/gantry/v1/projects/:project/${verb}`, (request, reply) => {
      const services = textsIn(objectOf(request.body), "services");
      return sendProgress(reply, projects[verb](nameOf(request), services));
    });
  }

  app.delete<OneProject>("/gantry/v1/projects/:project", (request, reply) => {
    const volumes = new Query(request).flag("volumes");
    return sendProgress(reply, projects.down(nameOf(request), { volumes }));
  });
}

/** Only what can be a project's name goes further. */
function nameOf({ params }: { readonly params: OneProject["Params"] }): string {
  if (/^[a-z0-9][a-z0-9_-]{0,127}$/.test(params.project)) return params.project;
  throw new GantryError("project.not-found", `No such project: ${params.project}`);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST;
}
