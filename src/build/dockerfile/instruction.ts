import { GantryError } from "../../error.ts";

/** Every instruction of the Dockerfile reference. */
export const KEYWORDS = [
  "ADD",
  "ARG",
  "CMD",
  "COPY",
  "ENTRYPOINT",
  "ENV",
  "EXPOSE",
  "FROM",
  "HEALTHCHECK",
  "LABEL",
  "MAINTAINER",
  "ONBUILD",
  "RUN",
  "SHELL",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
  "WORKDIR",
] as const;

export type Keyword = (typeof KEYWORDS)[number];

/** Where something stands in a Dockerfile. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface Flag {
  readonly name: string;
  /** `true` for one that was given without a value. */
  readonly value: string;
}

/** A document that stands in the Dockerfile itself, after the instruction that uses it. */
export interface Heredoc {
  readonly name: string;
  readonly content: string;
  /** COPY and ADD replace variables in it: its name stands without quotes. */
  readonly expand: boolean;
}

/** An instruction as it is written: nothing in it is replaced yet. */
export interface Instruction {
  readonly keyword: Keyword;
  readonly place: Place;
  readonly flags: readonly Flag[];
  /** What follows the keyword and the flags, on one line. */
  readonly rest: string;
  /** The words, where `rest` is a JSON list of strings and the instruction can be written so. */
  readonly json?: readonly string[];
  readonly heredocs: readonly Heredoc[];
  /** What ONBUILD holds back. */
  readonly held?: Instruction;
}

/** An error with its position. `spec.invalid`: the Dockerfile is wrong, whatever it is built from. */
export function fault(place: Place, message: string, next?: string): GantryError {
  const text = `${place.file}:${place.line}: ${message}`;
  return new GantryError("spec.invalid", text, next === undefined ? {} : { next });
}
