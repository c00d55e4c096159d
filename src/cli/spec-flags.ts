import { GantryError } from "../error.ts";
import type { ProjectSummary } from "../daemon/protocol.ts";
import type { ProjectBuild } from "../spec/build.ts";
import type { Diagnostic } from "../spec/diagnostic.ts";
import type { LoadOptions } from "../spec/model.ts";
import type { Project } from "../spec/project.ts";
import type { Client } from "./client.ts";
import type { Context } from "./context.ts";

/** The flags that say which project is meant. */
export interface SpecFlags {
  readonly file?: readonly string[];
  /** Project name. */
  readonly project?: string;
  /** What is not built yet is an error instead of a warning. */
  readonly strict?: boolean;
  /** What relative paths start at, instead of the first file's folder. */
  readonly projectDirectory?: string;
  readonly envFile?: readonly string[];
  readonly profile?: readonly string[];
  /** Absolute path of the file to take as the one that is looked for. */
  readonly found?: string;
}

export interface LoadedSpec {
  readonly project: Project;
  /** Images that the files say how to build. */
  readonly builds: readonly ProjectBuild[];
  /** Absolute paths of the files whose change matters. */
  readonly watched: readonly string[];
}

/** Reads the spec the flags name, else the one found from the current folder upwards. Prints its warnings. Throws SpecError. */
export async function loadSpec(context: Context, flags: SpecFlags): Promise<LoadedSpec> {
  const { loadProject } = await import("../spec/load.ts");
  const { project, builds, warnings, watched } = await loadProject(loadOptions(context, flags));
  await warn(context, warnings);
  return { project, builds, watched };
}

/** Tells what is odd about the files. */
export async function warn(context: Context, warnings: readonly Diagnostic[]): Promise<void> {
  const { renderDiagnostic } = await import("../spec/diagnostic.ts");
  for (const warning of warnings) context.stderr.write(`warning: ${renderDiagnostic(warning)}\n`);
}

/** What the flags ask the loader for. */
export function loadOptions(context: Context, flags: SpecFlags): LoadOptions {
  const { file, project, strict, projectDirectory, envFile, profile, found } = flags;
  return {
    cwd: context.cwd,
    env: context.env,
    readStdin: () => readAll(context.stdin),
    ...(file === undefined ? {} : { files: file }),
    ...(project === undefined ? {} : { projectName: project }),
    ...(strict === undefined ? {} : { strict }),
    ...(projectDirectory === undefined ? {} : { projectFolder: projectDirectory }),
    ...(envFile === undefined ? {} : { envFiles: envFile }),
    ...(profile === undefined ? {} : { profiles: profile }),
    ...(found === undefined ? {} : { found }),
  };
}

/**
 * The name of the project meant: `-p`, else the spec's. A file that is broken at the moment still names the project
 * that was applied from it, so that a typing error does not keep anybody from stopping what runs.
 */
export async function projectName(context: Context, client: Client, flags: SpecFlags): Promise<string> {
  if (flags.project !== undefined) return flags.project;
  try {
    return (await loadSpec(context, flags)).project.name;
  } catch (error) {
    if (!(error instanceof GantryError) || !["spec.syntax", "spec.invalid"].includes(error.code)) throw error;
    const applied = await appliedFrom(context, client, flags);
    if (applied === undefined) throw error;
    return applied;
  }
}

/** The name of the one project that was applied from the file the flags mean. */
async function appliedFrom(context: Context, client: Client, flags: SpecFlags): Promise<string | undefined> {
  const file = await specFile(context, flags);
  if (file === undefined) return undefined;
  const projects = await client.json<readonly ProjectSummary[]>("GET", "/gantry/v1/projects");
  const matching = projects.filter((project) => project.files.includes(file));
  return matching.length === 1 ? matching[0]?.name : undefined;
}

/**
 * Absolute path of the first spec file the flags mean, or of the one found; undefined for standard input or none. Others
 * are laid over it.
 */
export async function specFile(context: Context, flags: SpecFlags): Promise<string | undefined> {
  const { filesOf } = await import("../spec/model.ts");
  try {
    const [first] = (await filesOf(loadOptions(context, flags))).files;
    return first === "-" ? undefined : first;
  } catch (error) {
    if (error instanceof GantryError && error.code === "spec.not-found") return undefined;
    throw error;
  }
}

async function readAll(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream)
    chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}
