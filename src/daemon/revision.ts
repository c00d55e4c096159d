import type { Project } from "../spec/project.ts";

/** An image as a revision remembers it. */
export interface RevisionImage {
  /** `sha256:...`, or `host`. */
  readonly id: string;
  /** `name@sha256:...`, where a registry has it: by this it can be had again. */
  readonly digest?: string;
}

/** What was once applied, exactly: the file's meaning, and which images its names stood for. */
export interface Revision {
  /** From 1 on, in the order of time, never used twice while the project is there. */
  readonly number: number;
  /** ms since the epoch. */
  readonly appliedAt: number;
  /** Configs and secrets by the names under which they are kept sealed. */
  readonly project: Project;
  /** By service; without those that are not on this machine yet. */
  readonly images: Readonly<Record<string, RevisionImage>>;
  /** The revision that it brought back: an undo. */
  readonly restores?: number;
  /** What it changed in the one before, a line each. */
  readonly changes: readonly string[];
  /** By service: why its new replicas were taken back. */
  readonly setbacks?: Readonly<Record<string, string>>;
}

/** A revision without what it holds. */
export type RevisionSummary = Omit<Revision, "project">;

export function summaryOf({ project: _, ...summary }: Revision): RevisionSummary {
  return summary;
}

/**
 * Where an undo leads: to the newest revision below the one that runs which brought something of its own and was not
 * taken back. One that is itself an undo counts as what it brought back, so that a second undo goes further instead of
 * forth again. Undefined when there is none.
 */
export function beforeOf(
  revisions: readonly RevisionSummary[],
  current: number | undefined,
): RevisionSummary | undefined {
  const running = revisions.find(({ number }) => number === current);
  const origin = running?.restores ?? running?.number ?? Infinity;
  return revisions
    .toReversed()
    .find(
      ({ number, restores, setbacks }) => number < origin && restores === undefined && setbacks === undefined,
    );
}
