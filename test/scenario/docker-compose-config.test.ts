import { execFileSync, spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { messageOf } from "../../src/error.ts";
import { loadProject } from "../../src/spec/load.ts";
import { ENVIRONMENT, samples } from "../unit/spec/corpus.fixture.ts";
import type { Sample } from "../unit/spec/corpus.fixture.ts";

const PROGRAM = fileURLToPath(new URL("docker_compose_1.py", import.meta.url));
/** Debian's own, which its packages belong to. */
const PYTHON = "/usr/bin/python3";
const INSTALLED = spawnSync(PYTHON, ["-c", "import compose.config"], { stdio: "ignore" }).status === 0;
/** Where it says something else, and why that is right or means the same. */
const BEYOND: Readonly<Record<string, string>> = {
  dotenv: "1.29 leaves $$ of a .env file as it is; Compose's later ones make it $",
  "keys/env-file.yaml": "1.29 leaves the backslash of \\$ where it is",
  "stacks/mail.yaml": "1.29 leaves the backslash of \\$ where it is",
  "keys/healthcheck.yaml": "1.29 prints 1m30s as 90s",
  "keys/healthcheck-none.yaml": "1.29 prints disable: true as test: [NONE]",
  "keys/ports-ipv6.yaml": "1.29 prints [::1] without its brackets",
};

interface Answer {
  readonly name: string;
  readonly yaml?: string;
  readonly error?: string;
}

function ask(chosen: readonly Sample[]): readonly Answer[] {
  const input = chosen.map(({ name, files }) => ({
    name,
    files,
    folder: dirname(files[0] ?? "/"),
    environment: ENVIRONMENT,
  }));
  const output = execFileSync(PYTHON, [PROGRAM], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, HOME: ENVIRONMENT.HOME },
    stdio: ["pipe", "pipe", "ignore"],
  });
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Answer);
}

/** What gantry makes of docker-compose's answer, which is a Compose file too. */
async function reread(text: string, { options }: Sample): Promise<unknown> {
  const loaded = await loadProject({ ...options, files: ["-"], readStdin: () => Promise.resolve(text) });
  return loaded.canonical();
}

test.skipIf(!INSTALLED)("what docker-compose 1.29 understands, gantry understands alike", async () => {
  const chosen = new Map(samples().map((sample) => [sample.name, sample]));
  const compared: string[] = [];
  const different: string[] = [];
  for (const { name, yaml } of ask([...chosen.values()])) {
    const sample = chosen.get(name);
    if (sample === undefined || yaml === undefined || Object.hasOwn(BEYOND, name)) continue;
    const { canonical } = await loadProject(sample.options);
    try {
      expect(comparable(await reread(yaml, sample)), name).toEqual(comparable(canonical()));
      compared.push(name);
    } catch (error) {
      different.push(`${name}: ${messageOf(error).slice(0, 500)}`);
    }
  }
  expect(different).toEqual([]);
  expect(compared.length).toBeGreaterThan(100);
});

/** Without what 1.29 leaves out because it says nothing: empty maps and lists, `x-` keys of its own reading. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, entry]) =>
      !key.startsWith("x-") &&
      !(typeof entry === "object" && entry !== null && Object.keys(entry).length === 0),
  );
  return Object.fromEntries(kept.map(([key, entry]) => [key, comparable(entry)]));
}
