import { GantryError } from "../error.ts";
import type { ContainerConfig } from "../runtime/container.ts";
import type { Project, Service } from "../spec/project.ts";
import { fingerprint } from "./fingerprint.ts";
import { hashValue } from "./hash.ts";
import { replicaLabels } from "./labels.ts";
import { containerNetworks } from "./networks.ts";
import { own } from "./own.ts";

/** What all replicas of a service have in common. */
export interface ReplicaTemplate {
  /** By field, without the image. */
  readonly fingerprint: Readonly<Record<string, string>>;
  /** The configuration of the replica with this number, from 1. */
  readonly config: (number: number) => ContainerConfig;
}

/** The container's name, as Compose has it. */
export function replicaName(project: string, service: string, number: number): string {
  return `${project}-${service}-${number}`;
}

/** The configuration of one replica. Throws `internal` when the project has no such service. */
export function replicaConfig(project: Project, service: string, number: number): ContainerConfig {
  const definition = own(project.services, service);
  if (definition === undefined)
    throw new GantryError("internal", `project ${project.name} has no service ${service}`);
  return replicaTemplate(project, service, definition).config(number);
}

/** Does the work that is the same for every replica once: planning a thousand of them must stay cheap. */
export function replicaTemplate(project: Project, name: string, service: Service): ReplicaTemplate {
  const { common, fields } = commonOf(project, service);
  // Only asked for where a container is made or changed.
  let configHash: string | undefined;
  return {
    fingerprint: fields,
    config: (number) => ({
      ...common,
      labels: {
        ...common.labels,
        ...replicaLabels(project, name, number, (configHash ??= hashValue(fields))),
      },
    }),
  };
}

interface Common {
  /** Of the project it was worked out for. */
  readonly name: string;
  readonly networks: Project["networks"];
  readonly common: ContainerConfig;
  readonly fields: Readonly<Record<string, string>>;
}

/** A service never changes once it is read, and every pass asks again: as pure as without, and several times faster. */
const commons = new WeakMap<Service, Common>();

function commonOf(project: Project, service: Service): Common {
  const { name, networks } = project;
  const known = commons.get(service);
  if (known !== undefined && known.name === name && known.networks === networks) return known;
  const common = commonConfig(project, service);
  const made = { name, networks, common, fields: fingerprint(common, undefined) };
  commons.set(service, made);
  return made;
}

/** Spelled out, so that a field of the file which is no business of the container's cannot slip into its record. */
function commonConfig(project: Project, service: Service): ContainerConfig {
  const { command, entrypoint, workingDir, user, hostname, stopSignal, exposed, links } = service;
  const networks = containerNetworks(project, service);
  return {
    image: service.image,
    ...(command !== undefined && { command }),
    ...(entrypoint !== undefined && { entrypoint }),
    environment: service.environment,
    ...(workingDir !== undefined && { workingDir }),
    ...(user !== undefined && { user }),
    ...(hostname !== undefined && { hostname }),
    mounts: service.mounts,
    limits: service.limits,
    restart: service.restart,
    ...(stopSignal !== undefined && { stopSignal }),
    stopGraceMs: service.stopGraceMs,
    labels: service.labels,
    init: service.init,
    ...(service.terminal !== undefined && { terminal: service.terminal }),
    ...(service.stdin !== undefined && { stdin: service.stdin }),
    ...confinement(service),
    ...(networks !== undefined && { networks }),
    ...(exposed !== undefined && { exposed }),
    ...(links !== undefined && { links }),
  };
}

/** What is absent at its default. */
function confinement(service: Service): Partial<ContainerConfig> {
  const { security, namespaces, devices, deviceRules, resolver, extraHosts, domainname } = service;
  const { readOnly, shmBytes, ulimits, sysctls, oomScoreAdjustment, groups, contents } = service;
  const { containerName, log, hooks, annotations } = service;
  const { healthcheck, probes } = service;
  return {
    ...(security !== undefined && { security }),
    ...(namespaces !== undefined && { namespaces }),
    ...(devices !== undefined && { devices }),
    ...(deviceRules !== undefined && { deviceRules }),
    ...(resolver !== undefined && { resolver }),
    ...(extraHosts !== undefined && { extraHosts }),
    ...(domainname !== undefined && { domainname }),
    ...(readOnly !== undefined && { readOnly }),
    ...(shmBytes !== undefined && { shmBytes }),
    ...(ulimits !== undefined && { ulimits }),
    ...(sysctls !== undefined && { sysctls }),
    ...(oomScoreAdjustment !== undefined && { oomScoreAdjustment }),
    ...(groups !== undefined && { groups }),
    ...(contents !== undefined && { contents }),
    ...(containerName !== undefined && { containerName }),
    ...(log !== undefined && { log }),
    ...(hooks !== undefined && { hooks }),
    ...(annotations !== undefined && { annotations }),
    ...(healthcheck !== undefined && { healthcheck }),
    ...(probes !== undefined && { probes }),
  };
}
