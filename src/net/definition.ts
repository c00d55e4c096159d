/** What makes one network different from another. Two with equal settings need not be made anew. */
export interface NetworkSettings {
  /** Nothing leaves it, and nothing comes in. */
  readonly internal: boolean;
  /** The subnets asked for; none: one is chosen. */
  readonly subnets: readonly { readonly subnet: string; readonly gateway?: string }[];
  /** Bytes; 1500 when absent. */
  readonly mtu?: number;
}

/** A network as it is asked for. */
export interface NetworkDefinition extends NetworkSettings {
  /** The real name: at most 63 of letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  /** The project it comes and goes with; absent: made by hand. */
  readonly project?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Stands for a project where containers have none; no project can be called so. */
export const NO_PROJECT = "_";

/** The real name of a project's own network, as Compose has it; of containers without a project, docker's. */
export function networkName(project: string): string {
  return project === NO_PROJECT ? "bridge" : `${project}_default`;
}

/** A project's own network, where the file says nothing else about it. */
export function defaultNetwork(project: string): NetworkDefinition {
  const owner = project === NO_PROJECT ? {} : { project };
  return { name: networkName(project), ...owner, labels: {}, internal: false, subnets: [] };
}
