import { spawnSync } from "node:child_process";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { Instance } from "./instance.ts";

export const EXAMPLES = fileURLToPath(new URL("../../examples", import.meta.url));

/** Copies an example and gives its published ports others that nobody else on this machine uses. */
export async function copyExample(
  instance: Instance,
  name: string,
  ports: Readonly<Record<string, number>> = {},
  file = "compose.yaml",
): Promise<void> {
  await cp(join(EXAMPLES, name), instance.folder, { recursive: true });
  await publishElsewhere(instance, ports, file);
}

/** Replaces `HOST:` of published ports in a file of the copy. */
export async function publishElsewhere(
  instance: Instance,
  ports: Readonly<Record<string, number>>,
  file: string,
): Promise<void> {
  let text = await readFile(join(instance.folder, file), "utf8");
  for (const [before, after] of Object.entries(ports)) {
    expect(text).toContain(before);
    text = text.replace(before, `127.0.0.1:${after}:`);
  }
  await instance.write(file, text);
}

/** What a GET of a port of this machine answers, each over a connection of its own. */
export async function read(port: number, path = "/"): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
  return await response.text();
}

/** Whether all of these programs are here; says once which is not. */
export function hasPrograms(example: string, ...programs: readonly string[]): boolean {
  const missing = programs.filter(
    (name) => spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin; command -v ${name}`]).status !== 0,
  );
  if (missing.length > 0) console.warn(`SKIPPED: example ${example} needs ${missing.join(" and ")}`);
  return missing.length === 0;
}
