import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import type { LoadOptions } from "../../../src/spec/model.ts";

const CORPUS = fileURLToPath(new URL("../../compose/", import.meta.url));

/** What the corpus' files expect of their environment. */
export const ENVIRONMENT = { HOME: "/home/ada", UNSEAL_KEY: "a key", B: "b" } as const;

/** A project of test/compose: one file, or a folder of several. */
export interface Sample {
  readonly name: string;
  readonly options: LoadOptions;
  /** Absolute paths, for another program. */
  readonly files: readonly string[];
}

/** Every project of test/compose, by name. */
export function samples(): readonly Sample[] {
  const files = readdirSync(join(CORPUS, "files"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => sample(name, { files: [join(CORPUS, "files", name)] }));
  const folders = readdirSync(join(CORPUS, "folders")).map((name) => {
    const cwd = join(CORPUS, "folders", name);
    const found = readdirSync(cwd).filter((file) => /^(docker-)?compose(\.override)?\.ya?ml$/.test(file));
    return {
      ...sample(name, { cwd }),
      files: found
        .toSorted((a, b) => b.length - a.length)
        .toReversed()
        .map((file) => join(cwd, file)),
    };
  });
  return [...files, ...folders].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function sample(name: string, options: Partial<LoadOptions>): Sample {
  const all = { cwd: "/", env: ENVIRONMENT, profiles: ["*"], projectName: "sample", ...options };
  return { name, options: all, files: all.files ?? [] };
}
