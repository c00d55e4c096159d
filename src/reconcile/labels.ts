import { dependencyLabel } from "./dependency-label.ts";
import { own } from "./own.ts";
import type { Project } from "../spec/project.ts";

const PREFIX = "com.docker.compose.";

/**
 * The labels gantry sets on its own account, by which tools made for Compose group containers. They are no part of
 * the fingerprint: another path of the file or another version of gantry is no reason to touch a container.
 */
const REPLICA_LABELS: ReadonlySet<string> = new Set(
  [
    "project",
    "service",
    "container-number",
    "oneoff",
    "config-hash",
    "project.working_dir",
    "project.config_files",
    "version",
    "depends_on",
  ].map((name) => PREFIX + name),
);

/** The labels a user wrote, or rather: all but those that gantry sets. */
export function userLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !REPLICA_LABELS.has(key)));
}

/** Compose's labels of one replica; `configHash` is equal for replicas of one service. */
export function replicaLabels(
  project: Project,
  service: string,
  number: number,
  configHash: string,
): Record<string, string> {
  return {
    [`${PREFIX}project`]: project.name,
    [`${PREFIX}service`]: service,
    [`${PREFIX}container-number`]: String(number),
    [`${PREFIX}oneoff`]: "False",
    [`${PREFIX}config-hash`]: configHash,
    [`${PREFIX}project.working_dir`]: project.workingFolder,
    [`${PREFIX}project.config_files`]: project.files.join(","),
    // Of the label layout, not of gantry: these are the names Compose 2 uses.
    [`${PREFIX}version`]: "2.0.0",
    ...dependencyLabel(own(project.services, service)?.dependsOn),
  };
}

/** Compose's labels of a network; `key` is the name the file uses. */
export function networkLabels(project: Project, key: string): Record<string, string> {
  return { [`${PREFIX}project`]: project.name, [`${PREFIX}network`]: key };
}

/** Compose's labels of a named volume; `key` is the name the file uses. */
export function volumeLabels(project: Project, key: string): Record<string, string> {
  return { [`${PREFIX}project`]: project.name, [`${PREFIX}volume`]: key };
}
