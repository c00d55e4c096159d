import { createHash } from "node:crypto";
import { SpecError } from "./diagnostic.ts";
import { hostPath } from "./mount.ts";
import type { Path } from "./path.ts";
import { InvalidValue } from "./report.ts";
import { readBoolean } from "./scalar.ts";
import { didYouMean } from "./suggest.ts";
import type { Lookup } from "./variables.ts";
import type { Workspace } from "./workspace.ts";

export const CONTENT_KINDS = ["configs", "secrets"] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

/** An entry of the top-level `configs` or `secrets`, once the schema has passed it. */
export interface SourceMap {
  readonly file?: string;
  readonly environment?: string;
  readonly content?: string;
  readonly external?: boolean | string | Readonly<Record<string, unknown>>;
}

/** What a config or a secret holds. */
export interface LoadedContent {
  /** SHA-256 in hexadecimal digits. */
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** More belongs into a volume: contents travel with the project, and live in memory in every container. */
export const MAX_CONTENT_BYTES = 512 * 1024;

export type Sources = Readonly<Record<ContentKind, Readonly<Record<string, SourceMap | undefined>>>>;

/** Gets what a config or secret holds; throws InvalidValue where it cannot be had. */
export type ContentOf = (kind: ContentKind, name: string) => LoadedContent;

/**
 * Reads the configs and secrets that services use, from files, variables or the spec itself. Their bytes are part of the
 * desired state, so that an edit is a change, and the daemon needs no file of the user's. What is wrong with a source goes
 * to the report, at its declaration.
 */
export async function readContents(
  sources: Sources,
  used: (kind: ContentKind, name: string) => boolean,
  workspace: Workspace,
  context: { readonly workingFolder: string; readonly lookup: Lookup },
): Promise<ContentOf> {
  const loaded = new Map<string, LoadedContent | undefined>();
  for (const kind of CONTENT_KINDS) {
    for (const [name, source] of Object.entries(sources[kind])) {
      if (source === undefined || !used(kind, name)) continue;
      const bytes = await readSource(kind, source, [kind, name], workspace, context);
      const digest = bytes === undefined ? undefined : createHash("sha256").update(bytes).digest("hex");
      loaded.set(
        `${kind} ${name}`,
        bytes === undefined || digest === undefined ? undefined : { digest, bytes },
      );
    }
  }
  return (kind, name) => {
    const content = loaded.get(`${kind} ${name}`);
    if (content !== undefined) return content;
    const known = Object.keys(sources[kind]);
    if (known.includes(name)) return { digest: "", bytes: new Uint8Array() }; // told at its declaration
    const what = kind === "configs" ? "config" : "secret";
    throw new InvalidValue(`the ${what} "${name}" is not declared${didYouMean(name, known)}`);
  };
}

async function readSource(
  kind: ContentKind,
  source: SourceMap,
  path: Path,
  workspace: Workspace,
  context: { readonly workingFolder: string; readonly lookup: Lookup },
): Promise<Uint8Array | undefined> {
  const { report } = workspace;
  const { file, environment, content, external } = source;
  const isExternal =
    typeof external === "object" ||
    (external !== undefined && report.attempt([...path, "external"], () => readBoolean(external)) === true);
  if (isExternal) {
    report.error(
      [...path, "external"],
      `gantry keeps no ${kind} of its own; use file, environment or content`,
      "key",
    );
    return undefined;
  }
  const given = [file, environment, content].filter((each) => each !== undefined);
  if (given.length !== 1) {
    report.error(path, "expected one of file, environment and content", "key");
    return undefined;
  }
  if (content !== undefined) return limited(Buffer.from(content), [...path, "content"], workspace);
  if (environment !== undefined) {
    const value = context.lookup(environment);
    if (value !== undefined) return limited(Buffer.from(value), [...path, "environment"], workspace);
    report.error([...path, "environment"], `the variable ${environment} is not set`);
    return undefined;
  }
  const where = [...path, "file"];
  const absolute = report.attempt(where, () =>
    hostPath(file ?? "", { workingFolder: context.workingFolder, home: context.lookup("HOME") }),
  );
  if (absolute === undefined) return undefined;
  try {
    return limited(await workspace.readBytes(absolute), where, workspace);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    for (const { file: shown, message } of error.diagnostics) report.error(where, `${shown}: ${message}`);
    return undefined;
  }
}

function limited(bytes: Uint8Array, path: Path, { report }: Workspace): Uint8Array | undefined {
  if (bytes.length <= MAX_CONTENT_BYTES) return bytes;
  report.error(path, `larger than ${MAX_CONTENT_BYTES / 1024} kB; mount it as a volume`);
  return undefined;
}
