import type { Snapshot } from "../observe/snapshot.ts";
import type { NetworkDefinition, NetworkSettings } from "../net/definition.ts";
import type { ContainerNetwork } from "../runtime/container.ts";
import type { Project, Service } from "../spec/project.ts";
import type { Problem, Step } from "./action.ts";
import { hashValue } from "./hash.ts";
import { networkLabels } from "./labels.ts";
import { byText } from "./order.ts";
import { own } from "./own.ts";
import type { Target } from "./target.ts";

const DEFAULT = "default";

/** The real name of a network, by the name the file uses. */
function realName(project: Project, key: string): string {
  return own(project.networks ?? {}, key)?.name ?? `${project.name}_${key}`;
}

/** The networks of a service's containers; undefined where they say no more than the project's own network. */
export function containerNetworks(
  project: Project,
  service: Service,
): readonly ContainerNetwork[] | undefined {
  if (service.namespaces?.network !== undefined) return undefined;
  const networks = (service.networks ?? [{ network: DEFAULT }]).map(
    ({ network, priority: _, ...more }): ContainerNetwork => ({
      name: realName(project, network),
      ...more,
    }),
  );
  const [first] = networks;
  const plain = networks.length === 1 && first !== undefined && Object.keys(first).length === 1;
  return plain && first.name === `${project.name}_${DEFAULT}` ? undefined : networks;
}

export interface NetworkSteps {
  readonly steps: readonly Step[];
  readonly problems: readonly Problem[];
  /** Networks of the project that the file names no more: to go once nobody is in them. */
  readonly stale: readonly string[];
}

/** Makes the networks that services are in and that are missing. */
export function networkSteps(project: Project, targets: readonly Target[], snapshot: Snapshot): NetworkSteps {
  const existing = new Map(snapshot.networks.map((network) => [network.name, network]));
  const used = new Set(targets.flatMap(({ service }) => keysOf(service)));
  const steps: Step[] = [];
  const problems: Problem[] = [];
  const wanted = new Set<string>();
  for (const key of [...used].sort(byText)) {
    const definition = define(project, key);
    const { name } = definition;
    if (wanted.has(name)) continue;
    wanted.add(name);
    const subject = `network ${name}`;
    const there = existing.get(name);
    const external = own(project.networks ?? {}, key)?.external === true;
    if (there === undefined && external) {
      const message = `${subject} is declared external, and there is no such network on this machine`;
      problems.push({
        code: "conflict",
        subject,
        message,
        next: `create it first: gantry network create ${name}`,
      });
    } else if (there === undefined)
      steps.push({
        key: `create-network ${name}`,
        action: { kind: "create-network", network: definition },
        subject,
        cause: "not there",
        after: [],
      });
    else if (!external) problems.push(...differences(project, definition, there));
  }
  const stale = snapshot.networks
    .filter((network) => network.project === project.name && !wanted.has(network.name))
    .map(({ name }) => name);
  return { steps, problems, stale };
}

/** Removes networks, once the steps `after` are done. */
export function removeNetworkSteps(
  names: readonly string[],
  cause: string,
  after: readonly string[],
): Step[] {
  return names.toSorted(byText).map((name) => ({
    key: `remove-network ${name}`,
    action: { kind: "remove-network", name },
    subject: `network ${name}`,
    cause,
    after,
  }));
}

/** By the names the file uses. */
function keysOf({ namespaces, networks }: Service): readonly string[] {
  if (namespaces?.network !== undefined) return [];
  return networks?.map(({ network }) => network) ?? [DEFAULT];
}

function define(project: Project, key: string): NetworkDefinition {
  const declared = own(project.networks ?? {}, key);
  return {
    name: realName(project, key),
    project: project.name,
    labels: { ...declared?.labels, ...networkLabels(project, key) },
    internal: declared?.internal ?? false,
    subnets: declared?.subnets ?? [],
    ...(declared?.mtu !== undefined && { mtu: declared.mtu }),
  };
}

/** A network cannot be changed under those who are in it. */
function differences(
  project: Project,
  wanted: NetworkDefinition,
  there: NetworkDefinition,
): readonly Problem[] {
  const subject = `network ${wanted.name}`;
  if (there.project !== project.name) {
    const message = `${subject} is there already and does not belong to the project`;
    return [{ code: "conflict", subject, message, next: "declare it external, or give it another name" }];
  }
  if (hashValue(settings(wanted)) === hashValue(settings(there))) return [];
  const message = `${subject} is there with other settings (internal, subnet or driver options)`;
  return [
    {
      code: "conflict",
      subject,
      message,
      next: `take the project down first: gantry down -p ${project.name}`,
    },
  ];
}

function settings({ internal, subnets, mtu }: NetworkSettings): unknown {
  return { internal, subnets, mtu };
}
