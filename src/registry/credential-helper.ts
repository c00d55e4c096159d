import { spawn } from "node:child_process";
import { GantryError, messageOf } from "../error.ts";
import type { Credentials } from "./credentials.ts";

/** Bytes that a helper may say. */
const LONGEST = 1024 * 1024;
const PATIENCE_MS = 30_000;

/** Docker's credential helpers: a program `docker-credential-NAME` that keeps secrets outside of config.json. */
export interface CredentialHelper {
  /** Undefined when it has none. */
  get(server: string): Promise<Credentials | undefined>;
  store(server: string, username: string, secret: string): Promise<void>;
  erase(server: string): Promise<void>;
}

/** Throws request.invalid for what cannot be a helper's name. */
export function credentialHelper(name: string): CredentialHelper {
  if (!/^[\w.-]+$/.test(name))
    throw new GantryError("request.invalid", `${JSON.stringify(name)} is not a credential helper's name`);
  const program = `docker-credential-${name}`;
  return {
    get: async (server) => {
      const { code, output } = await run(program, "get", server);
      if (code !== 0) {
        if (/not found/i.test(output)) return undefined;
        throw failed(program, output);
      }
      const { Username, Secret } = parse(program, output);
      if (typeof Username !== "string" || typeof Secret !== "string" || Secret === "") return undefined;
      if (Username === "<token>") return { kind: "identity", token: Secret };
      return { kind: "password", username: Username, password: Secret };
    },
    store: async (server, username, secret) => {
      const input = JSON.stringify({ ServerURL: server, Username: username, Secret: secret });
      const { code, output } = await run(program, "store", input);
      if (code !== 0) throw failed(program, output);
    },
    erase: async (server) => {
      const { code, output } = await run(program, "erase", server);
      if (code !== 0 && !/not found/i.test(output)) throw failed(program, output);
    },
  };
}

function parse(program: string, output: string): { readonly Username?: unknown; readonly Secret?: unknown } {
  try {
    return JSON.parse(output) as object;
  } catch {
    throw failed(program, "its answer is not JSON");
  }
}

function failed(program: string, output: string): GantryError {
  return new GantryError("request.invalid", `${program}: ${output.split("\n")[0] ?? ""}`, {
    next: "see credsStore and credHelpers in ~/.docker/config.json",
  });
}

async function run(
  program: string,
  action: string,
  input: string,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, [action], { stdio: ["pipe", "pipe", "ignore"], timeout: PATIENCE_MS });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (output.length < LONGEST) output += text;
    });
    child.on("error", (error) => reject(failed(program, messageOf(error))));
    child.on("close", (code) => resolve({ code, output: output.trim() }));
    child.stdin.on("error", () => undefined); // It may end without reading.
    child.stdin.end(input);
  });
}
