import type { FastifyInstance } from "fastify";
import { isIP } from "node:net";
import type { ContainerNetwork } from "../../runtime/container.ts";
import type { Engine, NetworkView } from "../engine.ts";
import { objectOf, textIn, textsIn } from "./bodies.ts";
import { invalid } from "./errors.ts";
import { anyMatches, labelsMatch, parseFilters, type Filters } from "./filters.ts";
import { networkDefinition } from "./network-create-body.ts";
import { networkShape } from "./network-shape.ts";
import { Query } from "./query.ts";

interface OneNetwork {
  Params: { network: string };
}

const FILTERS = ["dangling", "driver", "id", "label", "name", "scope", "type"];

/** Docker's routes about networks. */
export function networkRoutes(app: FastifyInstance, engine: Engine): void {
  const { networks } = engine;
  app.get("/networks", (request) => list(networks, new Query(request)));
  app.get<OneNetwork>("/networks/:network", (request) =>
    networks.find(request.params.network).then((network) => networkShape(network, { detail: true })),
  );
  app.post("/networks/create", (request, reply) =>
    networks
      .create(networkDefinition(request.body))
      .then(({ id }) => reply.code(201).send({ Id: id, Warning: "" })),
  );
  app.post("/networks/prune", (request) => prune(networks, new Query(request)));
  app.post<OneNetwork>("/networks/:network/connect", (request, reply) => {
    const body = objectOf(request.body);
    return networks
      .connect(request.params.network, containerIn(body), endpointOf(body["EndpointConfig"]))
      .then(() => reply.send(""));
  });
  app.post<OneNetwork>("/networks/:network/disconnect", (request, reply) =>
    networks
      .disconnect(request.params.network, containerIn(objectOf(request.body)))
      .then(() => reply.send("")),
  );
  app.delete<OneNetwork>("/networks/:network", (request, reply) =>
    networks.remove(request.params.network).then(() => reply.code(204).send()),
  );
}

async function list(networks: Engine["networks"], query: Query): Promise<object[]> {
  const filters = parseFilters(query.text("filters"), FILTERS);
  return (await networks.list())
    .filter((network) => matches(network, filters))
    .map((network) => networkShape(network, { detail: false }));
}

async function prune(networks: Engine["networks"], query: Query): Promise<object> {
  const filters = parseFilters(query.text("filters"), ["label"], ["until"]);
  return { NetworksDeleted: await networks.prune(({ labels }) => labelsMatch(filters, labels)) };
}

function containerIn(body: Readonly<Record<string, unknown>>): string {
  const container = textIn(body, "Container");
  if (container === undefined) throw invalid("Container: says which one");
  return container;
}

/** Engine API, EndpointSettings: what a container asks for in a network. */
function endpointOf(raw: unknown): Omit<ContainerNetwork, "name"> {
  const endpoint = objectOf(raw);
  const aliases = textsIn(endpoint, "Aliases");
  const address = textIn(objectOf(endpoint["IPAMConfig"]), "IPv4Address");
  const hardwareAddress = textIn(endpoint, "MacAddress")?.toLowerCase();
  if (address !== undefined && isIP(address) !== 4) throw invalid(`IPv4Address: "${address}" is none`);
  return {
    ...(aliases === undefined ? {} : { aliases }),
    ...(address === undefined ? {} : { address }),
    ...(hardwareAddress === undefined ? {} : { hardwareAddress }),
  };
}

function matches(network: NetworkView, filters: Filters): boolean {
  const flag = (value: string): boolean => value !== "false" && value !== "0";
  return (
    labelsMatch(filters, network.labels) &&
    anyMatches(filters, "name", (value) => network.name.includes(value)) &&
    anyMatches(filters, "id", (value) => network.id.startsWith(value)) &&
    anyMatches(filters, "driver", (value) => value === "bridge") &&
    anyMatches(filters, "scope", (value) => value === "local") &&
    anyMatches(filters, "type", (value) => value === "custom") &&
    anyMatches(filters, "dangling", (value) => (network.containers.length === 0) === flag(value))
  );
}
