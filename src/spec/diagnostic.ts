import { GantryError } from "../error.ts";
import type { GantryErrorOptions } from "../error.ts";

/** Something to say about one place of a spec file. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** As shown: relative to the current folder when it lies below it, `-` for standard input. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number;
  /** `services.web.ports[0]`; empty where the whole file is meant. */
  readonly path: string;
  readonly message: string;
  /** How that place came into the project, where it was not simply named or found. */
  readonly trail?: readonly Waypoint[];
}

export interface Waypoint {
  readonly relation: "merged over" | "extended by" | "included by";
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `compose.yaml:12:5 services.web.prots: unknown key (did you mean "ports"?)`, `compose.prod.yaml:7:9, merged over compose.yaml:12:9 services.web.scale: ...` */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  const { path, message, trail = [] } = diagnostic;
  const steps = trail.map((step) => `, ${step.relation} ${renderPosition(step)}`).join("");
  return `${renderPosition(diagnostic)}${steps}${path === "" ? "" : ` ${path}`}: ${message}`;
}

function renderPosition({ file, line, column }: Pick<Diagnostic, "file" | "line" | "column">): string {
  return `${file}:${line}:${column}`;
}

export type SpecErrorCode = "spec.not-found" | "spec.syntax" | "spec.invalid";

/** A hostile file can be wrong in a million places; nobody reads past this many. */
const SHOWN_ERRORS = 100;

/**
 * A spec that cannot be used. `diagnostics` holds everything found, warnings too, in the order of the file;
 * the message is the errors among them, one rendered line each.
 */
export class SpecError extends GantryError {
  override readonly code: SpecErrorCode;
  readonly diagnostics: readonly Diagnostic[];
  /** Absolute paths of the files whose change may mend it. */
  readonly watched: readonly string[];

  constructor(
    code: SpecErrorCode,
    diagnostics: readonly Diagnostic[],
    { watched = [], ...options }: GantryErrorOptions & { readonly watched?: readonly string[] } = {},
  ) {
    const lines = diagnostics.filter((found) => found.severity === "error").map(renderDiagnostic);
    const more = lines.length - SHOWN_ERRORS;
    if (more > 0) lines.splice(SHOWN_ERRORS, more, `... and ${more} more errors`);
    super(code, lines.join("\n"), options);
    this.code = code;
    this.diagnostics = diagnostics;
    this.watched = watched;
  }
}
