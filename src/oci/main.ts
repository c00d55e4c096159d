import { readFileSync } from "node:fs";
import { packageFile } from "../package-file.ts";
import { checkWords, flagsHelp, isSet, parseFlags, type Flag, valueOf } from "./command-line.ts";
import { logError, openLog } from "./log.ts";
import { OciError } from "./oci-error.ts";
import { VERBS } from "./verbs.ts";

const DEFAULT_ROOT = "/run/gantry-oci";
const SPEC_VERSION = "1.0.2";

const GLOBAL_FLAGS: readonly Flag[] = [
  { names: ["root"], value: "value", usage: `folder for the containers' state (default: ${DEFAULT_ROOT})` },
  { names: ["log"], value: "value", usage: "file to write messages to, instead of standard error" },
  { names: ["log-format"], value: "value", usage: "text or json" },
  { names: ["debug"], usage: "say more" },
  { names: ["systemd-cgroup"], usage: "cgroups by systemd: not supported" },
  { names: ["criu"], value: "value", usage: "accepted: there is no checkpoint" },
  { names: ["rootless"], value: "value", usage: "accepted: it is always the privileged runtime" },
  { names: ["help", "h"], usage: "show help" },
  { names: ["version", "v"], usage: "print the version" },
];
const HELP: Flag = { names: ["help", "h"], usage: "show help" };

/**
 * The command line of an OCI runtime (runtime.md, and what callers of runc have come to expect). `name` is what it was
 * called as. Resolves with the exit status.
 */
export async function oci(name: string, argv: readonly string[]): Promise<number> {
  let failed = 1;
  let prefix = "";
  try {
    const globals = parseFlags(argv, GLOBAL_FLAGS, { anywhere: false });
    const [verb = "help", ...words] = globals.words;
    if (isSet(globals, "version")) return print(versionText(name));
    if (isSet(globals, "help") || verb === "help" || verb === "h") return print(help(name));
    const format = valueOf(globals, "log-format") ?? "text";
    if (format !== "text" && format !== "json") throw new OciError(`invalid log-format: ${format}`);
    openLog({ file: valueOf(globals, "log"), json: format === "json", debug: isSet(globals, "debug") });
    const found = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (found === undefined) throw new OciError(`No help topic for '${verb}'`, 3);
    if (verb === "exec") {
      failed = 255;
      prefix = "exec failed: ";
    }
    const parsed = parseFlags(words, [...found.flags, HELP], { anywhere: found.flagsAnywhere });
    if (isSet(parsed, "help")) {
      const usage = `${name} ${verb} [command options] ${found.words}`;
      return print(
        `NAME:\n   ${name} ${verb} - ${found.usage}\n\nUSAGE:\n   ${usage}\n${flagsHelp(found.flags)}`,
      );
    }
    if (isSet(globals, "systemd-cgroup"))
      throw new OciError("--systemd-cgroup is not supported: gantry makes cgroups itself");
    if (verb !== "exec" && verb !== "kill" && verb !== "ps")
      checkWords(verb, parsed, found.words === "" ? 0 : 1);
    else checkWords(verb, parsed, 1, verb === "kill" ? 2 : Infinity);
    return await found.run({ root: valueOf(globals, "root") ?? DEFAULT_ROOT }, parsed);
  } catch (error) {
    logError(`${prefix}${error instanceof Error ? error.message : String(error)}`);
    if (!(error instanceof OciError) && process.env["GANTRY_DEBUG"] !== undefined) console.error(error);
    return error instanceof OciError && error.status !== 1 ? error.status : failed;
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function help(name: string): string {
  const rows = Object.entries(VERBS).map(([verb, { usage }]) => `   ${verb.padEnd(12)}${usage}`);
  return `NAME:
   ${name} - Open Container Initiative runtime

USAGE:
   ${name} [global options] command [command options] [arguments...]

COMMANDS:
${rows.join("\n")}
${flagsHelp(GLOBAL_FLAGS).replace("OPTIONS", "GLOBAL OPTIONS")}`;
}

function versionText(name: string): string {
  const { version } = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string };
  return `${name} version ${version}\ncommit: gantry\nspec: ${SPEC_VERSION}\n`;
}
