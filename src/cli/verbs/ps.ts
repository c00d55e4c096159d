import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import {
  filters,
  nameOf,
  PROJECT_LABEL,
  shortId,
  type ContainerSummary,
  type PortSummary,
} from "../docker.ts";
import { humanAge } from "../human.ts";
import { printList, type Format } from "../listing.ts";

export interface PsOptions {
  /** Those that do not run too. */
  readonly all?: boolean;
  /** Only the ids. */
  readonly quiet?: boolean;
  readonly trunc: boolean;
  readonly output: Format;
  /** Only this project's. */
  readonly project?: string;
}

const COMMAND_WIDTH = 20;

/** `gantry ps`: the containers of all projects, in docker's columns. */
export async function ps(context: Context, options: PsOptions): Promise<number> {
  const client = await connect(context);
  const containers = await client.json<readonly ContainerSummary[]>("GET", "/containers/json", {
    query: {
      all: options.all === true ? 1 : 0,
      ...(options.project === undefined
        ? {}
        : { filters: filters({ label: [`${PROJECT_LABEL}=${options.project}`] }) }),
    },
  });
  const id = (full: string): string => (options.trunc ? shortId(full) : full);
  if (options.quiet === true) {
    context.stdout.write(containers.map(({ Id }) => `${id(Id)}\n`).join(""));
    return 0;
  }
  const now = Date.now();
  await printList(context, options.output, containers, {
    heading: ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"],
    row: (container) => [
      id(container.Id),
      container.Image,
      JSON.stringify(options.trunc ? cut(container.Command) : container.Command),
      humanAge(container.Created * 1000, now),
      container.Status,
      portsText(container.Ports),
      nameOf(container),
    ],
  });
  return 0;
}

/** `0.0.0.0:8080->80/tcp, 53/udp`. */
export function portsText(ports: readonly PortSummary[]): string {
  return ports
    .map(({ IP, PrivatePort, PublicPort, Type }) => {
      const inside = `${PrivatePort}/${Type}`;
      if (PublicPort === undefined) return inside;
      const host = IP === undefined || IP === "" ? "" : `${IP.includes(":") ? `[${IP}]` : IP}:`;
      return `${host}${PublicPort}->${inside}`;
    })
    .join(", ");
}

function cut(text: string): string {
  return text.length <= COMMAND_WIDTH ? text : `${text.slice(0, COMMAND_WIDTH - 1)}…`;
}
