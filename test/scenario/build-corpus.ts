import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const CORPUS = fileURLToPath(new URL("../build/", import.meta.url));

/** A Dockerfile of the corpus. What it shows it checks itself, in its last steps; its comments say the rest. */
export interface CorpusCase {
  readonly name: string;
  readonly text: string;
  /** Query parameters of the build: `# build: target first`. */
  readonly query: Readonly<Record<string, string>>;
  /** Header X-Gantry-Build: `# more: {...}`. */
  readonly more: object;
  /** What the image's configuration says: `# expect: Cmd ["x"]`. */
  readonly expected: Readonly<Record<string, unknown>>;
  /** What the build must fail with: `# fails: ...`. */
  readonly failure?: string;
}

/** Every Dockerfile of the corpus, by name. */
export function readCorpus(): readonly CorpusCase[] {
  return readdirSync(CORPUS)
    .filter((name) => name.endsWith(".Dockerfile"))
    .sort()
    .map((file) => {
      const text = readFileSync(`${CORPUS}${file}`, "utf8");
      const said = (word: string): readonly string[] =>
        [...text.matchAll(new RegExp(`^# ${word}: (.*)$`, "gm"))].map(([, value = ""]) => value);
      const pairs = (word: string): readonly (readonly [string, string])[] =>
        said(word).map((line) => {
          const [name = "", value = ""] = line.split(/ (.*)/s, 2);
          return [name, value];
        });
      const [failure] = said("fails");
      return {
        name: file.replace(/\.Dockerfile$/, ""),
        text,
        query: Object.fromEntries(pairs("build")),
        more: JSON.parse(said("more")[0] ?? "{}") as object,
        expected: Object.fromEntries(
          pairs("expect").map(([key, value]) => [key, JSON.parse(value) as unknown]),
        ),
        ...(failure === undefined ? {} : { failure: failure.replaceAll("\\n", "\n") }),
      };
    });
}
