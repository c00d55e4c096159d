import type { Escape } from "./directives.ts";
import { heredocMark } from "./heredoc.ts";
import { fault, type Instruction, type Keyword } from "./instruction.ts";
import { readHealthcheck } from "./healthcheck.ts";
import { readMount } from "./mount.ts";
import { readDeclarations, readPairs } from "./pairs.ts";
import { plainWords } from "./words.ts";

type Check = (instruction: Instruction, escape: Escape) => void;

/** What has to hold for an instruction, whatever it is built from. */
const CHECKS: Readonly<Record<Keyword, Check>> = {
  ADD: checkCopy,
  ARG: (instruction, escape) => void readDeclarations(instruction, escape),
  CMD: () => undefined,
  COPY: checkCopy,
  ENTRYPOINT: () => undefined,
  ENV: (instruction, escape) => void readPairs(instruction, escape),
  EXPOSE: some,
  FROM: some,
  HEALTHCHECK: (instruction) => void readHealthcheck(instruction),
  LABEL: (instruction, escape) => void readPairs(instruction, escape),
  MAINTAINER: some,
  ONBUILD: (instruction) => {
    some(instruction);
    const { held, place } = instruction;
    if (held === undefined) return;
    if (["ONBUILD", "FROM", "MAINTAINER"].includes(held.keyword))
      throw fault(place, `ONBUILD cannot hold back ${held.keyword}`);
  },
  RUN: (instruction) => {
    some(instruction);
    const { flags, place } = instruction;
    for (const { name, value } of flags) {
      if (name === "mount") readMount(value, place);
      if (name === "network" && !["default", "none", "host"].includes(value))
        throw fault(place, `--network is default, none or host, not ${value}`);
      if (name === "security" && value === "insecure")
        throw fault(
          place,
          "--security=insecure is not allowed: steps run with the default profile",
          "take the flag away, or run what needs privileges in a container of its own",
        );
      if (name === "security" && value !== "sandbox")
        throw fault(place, `--security is sandbox or insecure, not ${value}`);
    }
  },
  SHELL: ({ json, place }) => {
    if (json === undefined || json.length === 0)
      throw fault(place, `SHELL is written as a JSON list: SHELL ["/bin/sh", "-c"]`);
  },
  STOPSIGNAL: one,
  USER: one,
  VOLUME: some,
  WORKDIR: some,
};

/** Throws spec.invalid for an instruction that can never be carried out. */
export function checkInstruction(instruction: Instruction, escape: Escape): void {
  CHECKS[instruction.keyword](instruction, escape);
}

function some({ keyword, rest, place }: Instruction): void {
  if (rest === "") throw fault(place, `${keyword} needs an argument`);
}

function one(instruction: Instruction): void {
  some(instruction);
  const words = plainWords(instruction.rest);
  if (words.length > 1 && !/["'$]/.test(instruction.rest))
    throw fault(instruction.place, `${instruction.keyword} takes one argument, not ${words.length}`);
}

function checkCopy({ keyword, rest, json, place, heredocs, flags }: Instruction): void {
  const words = json ?? plainWords(rest);
  if (words.length < 2)
    throw fault(place, `${keyword} needs what to copy, and where to`, `write: ${keyword} SOURCE TARGET`);
  const target = words.at(-1) ?? "";
  if (heredocMark(target) !== undefined) throw fault(place, `${keyword} needs a target after its sources`);
  if (heredocs.length > 0 && flags.some(({ name }) => name === "from"))
    throw fault(place, "a here-document does not come from elsewhere: --from makes no sense with it");
  if (words.length > 2 && !target.endsWith("/") && !/[$]/.test(target) && target !== "." && target !== "..")
    throw fault(
      place,
      `${keyword} with several sources needs a folder as its target: ${target} must end with /`,
      `write ${target}/`,
    );
}
