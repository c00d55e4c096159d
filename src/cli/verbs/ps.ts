import { GantryError } from "../../error.ts";
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
import type { Row } from "../template/print.ts";

export interface PsOptions {
  /** Those that do not run too. */
  readonly all?: boolean;
  /** Only the ids. */
  readonly quiet?: boolean;
  readonly trunc: boolean;
  readonly output: Format;
  /** Only this project's. */
  readonly project?: string;
  /** Docker's: a template, instead of `output`. */
  readonly format?: string;
  /** Docker's: `name=value`. */
  readonly filter?: readonly string[];
}

const COMMAND_WIDTH = 20;

/** `gantry ps`: the containers of all projects, in docker's columns. */
export async function ps(context: Context, options: PsOptions): Promise<number> {
  const client = await connect(context);
  const containers = await client.json<readonly ContainerSummary[]>("GET", "/containers/json", {
    query: {
      all: options.all === true ? 1 : 0,
      filters: filters(chosen(options)),
    },
  });
  const id = (full: string): string => (options.trunc ? shortId(full) : full);
  if (options.quiet === true) {
    context.stdout.write(containers.map(({ Id }) => `${id(Id)}\n`).join(""));
    return 0;
  }
  const now = Date.now();
  if (options.format !== undefined) {
    const { printRows } = await import("../template/print.ts");
    printRows(
      context,
      options.format,
      containers.map((container) => rowOf(container, options, now)),
      HEADINGS,
    );
    return 0;
  }
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

/** Docker's own names for the columns. */
const HEADINGS = { ID: "CONTAINER ID", RunningFor: "CREATED", CreatedAt: "CREATED AT" };

function rowOf(container: ContainerSummary, { trunc }: PsOptions, now: number): Row {
  const labels = container.Labels;
  return {
    ID: trunc ? shortId(container.Id) : container.Id,
    Image: container.Image,
    Command: JSON.stringify(trunc ? cut(container.Command) : container.Command),
    CreatedAt: new Date(container.Created * 1000).toISOString(),
    RunningFor: humanAge(container.Created * 1000, now),
    Ports: portsText(container.Ports),
    State: container.State,
    Status: container.Status,
    Names: nameOf(container),
    Labels: Object.entries(labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(","),
    Label: (name: unknown) => labels[String(name)] ?? "",
  };
}

/** The API's filters, of which each may be given several times. */
function chosen({ filter = [], project }: PsOptions): Readonly<Record<string, readonly string[]>> {
  const given: Record<string, string[]> = {};
  for (const text of filter) {
    const at = text.indexOf("=");
    if (at < 1) throw new GantryError("request.invalid", `--filter ${text}: write it as name=value`);
    (given[text.slice(0, at)] ??= []).push(text.slice(at + 1));
  }
  if (project !== undefined) (given["label"] ??= []).push(`${PROJECT_LABEL}=${project}`);
  return given;
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
