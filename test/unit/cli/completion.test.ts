import { execFileSync, spawnSync } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { candidatesOf } from "../../../src/cli/complete/candidates.ts";
import { SCRIPTS } from "../../../src/cli/complete/scripts.ts";
import { buildProgram } from "../../../src/cli/program.ts";
import { served } from "./served-daemon.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const program = buildProgram(() => Promise.resolve());

async function texts(...words: readonly string[]): Promise<readonly string[]> {
  return (await candidatesOf(program, words)).found.map(({ text }) => text);
}

/** An instance's --run, with two containers of which one runs, and an image. */
async function instance(): Promise<string> {
  const container = (name: string) => ({ Id: "0", Names: [`/${name}`] });
  const { context } = await served((request, answer) => {
    const url = request.url ?? "";
    const body = url.startsWith("/images")
      ? [
          { Id: "1", RepoTags: ["shop/web:2"] },
          { Id: "2", RepoTags: null },
        ]
      : [container("web-1"), ...(url.includes("all=1") ? [container("ended-1")] : [])];
    answer.end(JSON.stringify(body));
  });
  return context.paths.run;
}

test("a verb, a group's verb and a flag are completed, hidden ones are not", async () => {
  expect(await texts("comp")).toContain("completion");
  expect(await texts("__")).toEqual([]);
  expect(await texts("network", "in")).toEqual(["inspect"]);
  expect(await texts("rm", "--fo")).toEqual(["--force"]);
});

test("names are those of the moment, for verbs about processes only what runs", async () => {
  const run = await instance();
  expect(await texts("--run", run, "rm", "")).toEqual(["ended-1", "web-1"]);
  expect(await texts("exec", `--run=${run}`, "-it", "")).toEqual(["web-1"]);
  expect(await texts("rmi", "--run", run, "sh")).toEqual(["shop/web:2"]);
});

test("what follows the image is another program's: its flags are none of ours", async () => {
  const run = await instance();
  expect(await texts("run", "--run", run, "-e", "A=1", "shop")).toEqual(["shop/web:2"]);
  expect(await texts("run", "shop/web:2", "--")).toEqual([]);
});

test("a flag's values: choices, also behind =, and files", async () => {
  expect(await texts("ps", "-o", "j")).toEqual(["json"]);
  expect(await texts("ps", "--output=j")).toEqual(["--output=json"]);
  expect((await candidatesOf(program, ["plan", "-f", ""])).files).toBe(true);
});

test("services are those of the file, and nobody has to have applied it", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "compose.yaml");
  await writeFile(file, "services: {web: {image: host}, db: {image: host}}");
  expect(await texts("scale", "-f", file, "")).toEqual(["db=", "web="]);
});

test("without a daemon, and with a broken file, there is nothing and no error", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "broken.yaml"), "services: [");
  expect(await texts("logs", "--run", folder, "--file", join(folder, "broken.yaml"), "")).toEqual([]);
});

function has(shell: string): boolean {
  const found = spawnSync(shell, ["--version"], { stdio: "ignore" }).status === 0;
  if (!found) console.warn(`SKIPPED: there is no ${shell} on this machine to try its completion with`);
  return found;
}

/** A stand-in called gantry, which prints what the script asked it and two candidates with a colon. */
async function standIn(): Promise<string> {
  const gantry = join(await temporaryFolder(), "gantry");
  await writeFile(gantry, `#!/bin/sh\necho "$*" >"$0.asked"\nprintf 'a/b:1\\ta thing\\na/b:2\\t\\n'\n`);
  await chmod(gantry, 0o755);
  return gantry;
}

test("bash: a name with a colon is one word, and what stands of it is not said twice", async () => {
  const gantry = await standIn();
  const line = `${gantry} rmi -f a/b:`;
  const script = `${SCRIPTS.bash}
COMP_LINE='${line}' COMP_WORDS=(${gantry} rmi -f a/b : '') COMP_CWORD=5
compopt() { :; }
_gantry; printf '%s\\n' "\${COMPREPLY[@]}"`;
  expect(execFileSync("bash", ["-c", script], { encoding: "utf8" })).toBe("1\n2\n");
  expect(await readFile(`${gantry}.asked`, "utf8")).toBe("__complete -- rmi -f a/b:\n");
});

test.skipIf(!has("zsh"))("zsh: a name with a colon is kept from its description", async () => {
  const gantry = await standIn();
  const script = `compdef() { :; }
${SCRIPTS.zsh}
_describe() { print -rl -- $candidates }
words=(${gantry} rmi -f a/b:) CURRENT=4
_gantry`;
  expect(execFileSync("zsh", ["-f", "-c", script], { encoding: "utf8" })).toBe("a/b\\:1:a thing\na/b\\:2:\n");
  expect(await readFile(`${gantry}.asked`, "utf8")).toBe("__complete -- rmi -f a/b:\n");
});

test.skipIf(!has("fish"))("fish: candidates come with their descriptions", async () => {
  const gantry = await standIn();
  const script = `set -x PATH ${dirname(gantry)} $PATH
${SCRIPTS.fish}
complete -C "gantry rmi -f a/b:"`;
  const env = { ...process.env, HOME: dirname(gantry) };
  expect(execFileSync("fish", ["--no-config", "-c", script], { encoding: "utf8", env })).toBe(
    "a/b:1\ta thing\na/b:2\n",
  );
  expect(await readFile(`${gantry}.asked`, "utf8")).toBe("__complete -- rmi -f a/b:\n");
});
