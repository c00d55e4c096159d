/** The parts of Docker's Engine API shapes that the CLI reads (v1.43). */

export interface ContainerSummary {
  readonly Id: string;
  /** Each with a leading slash. */
  readonly Names: readonly string[];
  readonly Image: string;
  readonly Command: string;
  /** Seconds since the epoch. */
  readonly Created: number;
  readonly State: string;
  readonly Status: string;
  readonly Ports: readonly PortSummary[];
  readonly Labels: Readonly<Record<string, string>>;
}

export interface PortSummary {
  readonly IP?: string;
  readonly PrivatePort: number;
  readonly PublicPort?: number;
  readonly Type: string;
}

export interface ImageSummary {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  /** Seconds since the epoch. */
  readonly Created: number;
  /** Bytes. */
  readonly Size: number;
}

/** Engine API, Volume. */
export interface VolumeDetail {
  readonly Name: string;
  readonly Driver: string;
}

export interface NetworkSummary {
  readonly Name: string;
  readonly Id: string;
  readonly Driver: string;
  readonly Internal: boolean;
  readonly IPAM: { readonly Config: readonly { readonly Subnet: string; readonly Gateway: string }[] };
}

export type ImageRemoval = { readonly Untagged?: string; readonly Deleted?: string };

export interface EventMessage {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  /** Nanoseconds since the epoch; more than a double holds exactly, milliseconds survive. */
  readonly timeNano: number;
}

export const PROJECT_LABEL = "com.docker.compose.project";
export const SERVICE_LABEL = "com.docker.compose.service";
export const NUMBER_LABEL = "com.docker.compose.container-number";

/** A container's name without the slash that the API puts before it. */
export function nameOf(container: ContainerSummary): string {
  return (container.Names[0] ?? container.Id.slice(0, 12)).replace(/^\//, "");
}

/** Twelve digits, as docker shows them; `host` stays as it is. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}

/** Docker's `filters` query value. */
export function filters(values: Readonly<Record<string, readonly string[]>>): string {
  return JSON.stringify(values);
}
