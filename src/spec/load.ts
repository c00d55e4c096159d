import { activate, chooseProfiles, readProfile } from "./activation.ts";
import type { ProjectBuild } from "./build.ts";
import { canonicalProject } from "./canonical.ts";
import type { CanonicalProject } from "./canonical.ts";
import { readContents } from "./contents.ts";
import { sourcesIn, usesContent } from "./content-use.ts";
import { readProject } from "./desired.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { readSchema } from "./file.ts";
import { readModel } from "./model.ts";
import type { LoadOptions } from "./model.ts";
import type { Project } from "./project.ts";
import { readProfiles } from "./profiles.ts";
import { prune } from "./prune.ts";
import { reportRefused } from "./refused.ts";
import { profilePaths } from "./security.ts";
import { readServiceFiles } from "./service-files.ts";
import { plainOf } from "./tree.ts";
import { reportUnbuilt } from "./unbuilt.ts";
import { withTypes } from "./typed.ts";
import { validate } from "./validate.ts";
import { Workspace } from "./workspace.ts";

export interface LoadResult {
  readonly project: Project;
  readonly warnings: readonly Diagnostic[];
  /** Images that the files say how to build. */
  readonly builds: readonly ProjectBuild[];
  /** Absolute paths whose change matters: every file that was read, and those that need not exist, such as `.env`. */
  readonly watched: readonly string[];
  /** The project's values in their long forms, for people and other tools. */
  readonly canonical: () => CanonicalProject;
}

/**
 * Reads a project: find the files, decode, parse, interpolate, include, extend, merge, validate, check, fill in defaults
 * (docs/spec.md). Throws SpecError with everything that is wrong.
 */
export async function loadProject(options: LoadOptions): Promise<LoadResult> {
  const { strict = false } = options;
  const workspace = new Workspace(options.cwd, options.readStdin);
  const { report } = workspace;
  const { model, files, folder, lookup, name } = await readModel(options, workspace);
  report.judge(model);
  const value = plainOf(model);

  const refused = validate(value, report);
  reportRefused(value, report);
  reportUnbuilt(value, report, strict);
  prune(value, refused);

  const profiles = chooseProfiles(options.profiles ?? [], lookup("COMPOSE_PROFILES"));
  for (const profile of profiles) if (profile !== "*") report.attempt([], () => readProfile(profile));
  const services = isMap(value) && isMap(value["services"]) ? value["services"] : {};
  const activation = activate(services, profiles);
  const active = Object.fromEntries(
    Object.entries(services).filter(([service]) => activation.active.has(service)),
  );
  const seccomp = await readProfiles(
    profilePaths(value),
    { workingFolder: folder, home: lookup("HOME") },
    (path) => workspace.shown(path),
  );
  for (const path of seccomp.paths) workspace.watch(path);
  const serviceFiles = await readServiceFiles(active, workspace, folder, lookup);
  const builds: ProjectBuild[] = [];
  const project = readProject(value, report, {
    addBuild: (build) => void builds.push(build),
    name,
    workingFolder: folder,
    files,
    lookup,
    strict,
    seccompProfile: seccomp.textOf,
    activation,
    contentOf: await readContents(
      sourcesIn(value),
      (kind, used) => usesContent(active, kind, used),
      workspace,
      { workingFolder: folder, lookup },
    ),
    serviceFiles,
  });
  if (report.failed) throw workspace.failure();
  const canonical = () =>
    canonicalProject(withTypes(value, readSchema()) as Readonly<Record<string, unknown>>, {
      name,
      active: activation.active,
      workingFolder: folder,
      home: lookup("HOME"),
      report,
      lookup,
      serviceFiles,
    });
  return { project, builds, warnings: report.diagnostics, watched: workspace.watched, canonical };
}

/** What the files say together, variables as they are written, judged by the schema alone. Throws SpecError. */
export async function loadUninterpolated(
  options: LoadOptions,
): Promise<{ readonly value: unknown; readonly warnings: readonly Diagnostic[] }> {
  const workspace = new Workspace(options.cwd, options.readStdin);
  const { model } = await readModel({ ...options, interpolate: false }, workspace);
  workspace.report.judge(model);
  const value = plainOf(model);
  validate(value, workspace.report);
  if (workspace.report.failed) throw workspace.failure();
  return { value, warnings: workspace.report.diagnostics };
}

function isMap(value: unknown): value is Readonly<Record<string, object | undefined>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
