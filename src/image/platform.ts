import { arch } from "node:os";
import { GantryError } from "../error.ts";

/** What a program runs on, in Go's words as the OCI image specification has them (config.md): `linux`, `amd64`, `v8`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };
/** Other words that people use. */
const SYNONYMS: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  i386: "386",
  armhf: "arm",
};
/** Where nothing is said; the 32-bit arm that Debian and docker build for is the seventh. */
const USUAL_VARIANT: Readonly<Record<string, string>> = { arm64: "v8", arm: "v7", amd64: "v1" };

/** Node's name of an architecture as Go has it. */
export function goArchitecture(node: string): string {
  return ARCHITECTURES[node] ?? node;
}

/** This machine's. */
export function machinePlatform(): Platform {
  return { os: "linux", architecture: goArchitecture(arch()) };
}

/** Reads `linux/arm64`, `linux/arm/v7` or `arm64`. Throws request.invalid. */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split("/");
  const [first = "", second, variant] = parts;
  const valid = parts.length <= 3 && parts.every((part) => /^[a-z0-9_.-]{1,32}$/.test(part));
  if (!valid) {
    throw new GantryError("request.invalid", `${JSON.stringify(text)} is not a platform`, {
      next: "write os/architecture[/variant]: linux/arm64, linux/arm/v7",
    });
  }
  const [os, architecture] = second === undefined ? ["linux", first] : [first, second];
  return {
    os,
    architecture: SYNONYMS[architecture] ?? architecture,
    ...(variant === undefined ? {} : { variant }),
  };
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

/**
 * How well something for `offered` serves who asked for `wanted`: undefined not at all, else the higher the better. Of
 * 32-bit arm and of amd64's levels a lower variant runs on a higher.
 */
export function fitness(offered: Platform, wanted: Platform): number | undefined {
  if (offered.os !== wanted.os || offered.architecture !== wanted.architecture) return undefined;
  const usual = USUAL_VARIANT[wanted.architecture];
  const mine = wanted.variant ?? usual ?? "";
  const theirs = offered.variant ?? usual ?? "";
  if (mine === theirs) return 100;
  const [have, needs] = [level(mine), level(theirs)];
  if (have === undefined || needs === undefined || needs > have) return undefined;
  return needs;
}

function level(variant: string): number | undefined {
  const digits = /^v(\d)$/.exec(variant)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
