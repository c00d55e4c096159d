import { arch } from "node:os";

/** What a program runs on, in Go's words as the OCI image specification has them (config.md): `linux`, `amd64`, `v8`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };

/** Node's name of an architecture as Go has it. */
export function goArchitecture(node: string): string {
  return ARCHITECTURES[node] ?? node;
}

/** This machine's. */
export function machinePlatform(): Platform {
  return { os: "linux", architecture: goArchitecture(arch()) };
}
