import { readFile } from "node:fs/promises";
import { arch } from "node:os";

/** The processor as `uname -m` names it. */
export function kernelArchitecture(): string {
  const node = arch();
  if (node === "x64") return "x86_64";
  return node === "arm64" ? "aarch64" : node;
}

/** PRETTY_NAME of os-release(5); "Linux" where there is none. */
export async function operatingSystem(): Promise<string> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? "Linux";
}
