import type { Port, Project } from "../spec/project.ts";
import { changeText } from "./change.ts";
import { changedFields, type Field, fitsInPlace } from "./fingerprint.ts";
import { hashValue } from "./hash.ts";
import { byText } from "./order.ts";
import { own } from "./own.ts";
import { replicaTemplate } from "./replica.ts";

/** What a revision of a project says, as far as it can be compared. */
export interface RevisionContent {
  readonly project: Project;
  /** Ids of images, by service. */
  readonly images: Readonly<Record<string, string>>;
}

/**
 * What lies between two revisions of a project, a line for each service, network and volume that differs, with the marks
 * of a plan. A pure function.
 */
export function compareRevisions(before: RevisionContent, after: RevisionContent): string[] {
  return [
    ...named("network", before.project.networks ?? {}, after.project.networks ?? {}),
    ...named("volume", before.project.volumes, after.project.volumes),
    ...names(before.project.services, after.project.services).flatMap((name) =>
      serviceLine(name, before, after),
    ),
  ];
}

function serviceLine(name: string, before: RevisionContent, after: RevisionContent): string[] {
  const from = own(before.project.services, name);
  const to = own(after.project.services, name);
  if (from === undefined) return to === undefined ? [] : [`+ ${name}  ${to.image}`];
  if (to === undefined) return [`- ${name}  ${from.image}`];
  const a = { ...replicaTemplate(before.project, name, from), imageId: own(before.images, name) };
  const b = { ...replicaTemplate(after.project, name, to), imageId: own(after.images, name) };
  const sameImage =
    from.image === to.image &&
    (a.imageId === undefined || b.imageId === undefined || a.imageId === b.imageId);
  const fields: Field[] = [
    ...(sameImage ? [] : (["image"] as const)),
    ...changedFields(a.fingerprint, b.fingerprint),
  ];
  const words = [
    ...(fields.length === 0
      ? []
      : [
          changeText(
            fields,
            { config: a.config(1), imageId: a.imageId },
            { config: b.config(1), imageId: b.imageId },
          ),
        ]),
    ...(from.replicas === to.replicas ? [] : [`replicas ${from.replicas} -> ${to.replicas}`]),
    ...(hashValue(from.ports) === hashValue(to.ports)
      ? []
      : [`ports ${portsText(from.ports)} -> ${portsText(to.ports)}`]),
  ];
  // How and after what it is replaced, pulled and started: nothing that runs is another for it.
  if (words.length === 0) return hashValue(from) === hashValue(to) ? [] : [`~ ${name}  how it is rolled out`];
  return [`${fitsInPlace(fields) ? "~" : "-/+"} ${name}  ${words.join(", ")}`];
}

function named(
  kind: string,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): string[] {
  return names(before, after).flatMap((name) => {
    if (!Object.hasOwn(before, name)) return [`+ ${kind} ${name}`];
    if (!Object.hasOwn(after, name)) return [`- ${kind} ${name}`];
    return hashValue(before[name]) === hashValue(after[name]) ? [] : [`~ ${kind} ${name}`];
  });
}

function names(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(byText);
}

function portsText(ports: readonly Port[]): string {
  if (ports.length === 0) return "none";
  return ports.map(({ hostPort, containerPort }) => `${hostPort}:${containerPort}`).join(" ");
}
