import { createInterface } from "node:readline/promises";
import { text as readText } from "node:stream/consumers";
import { GantryError } from "../../error.ts";
import { ConfigFile } from "../../registry/config-file.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";

export interface LoginOptions {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: boolean;
}

/** What the daemon answers to `POST /auth`. */
interface LoginAnswer {
  readonly Status: string;
  readonly IdentityToken: string;
}

/** `gantry login [SERVER]`: asks the registry, and keeps what it knows the user by in ~/.docker/config.json. */
export async function login(
  context: Context,
  server: string | undefined,
  options: LoginOptions,
): Promise<number> {
  const domain = domainOf(server);
  const { username, password } = await ask(context, options);
  const client = await connect(context);
  const body = { username, password, serveraddress: domain };
  const { Status, IdentityToken } = await client.json<LoginAnswer>("POST", "/auth", { body });
  const file = new ConfigFile(context.env);
  if (IdentityToken === "") await file.store(domain, username, password, "password");
  else await file.store(domain, username, IdentityToken, "identity");
  context.stdout.write(`${Status}\n`);
  return 0;
}

/** `gantry logout [SERVER]`. */
export async function logout(context: Context, server: string | undefined): Promise<number> {
  const domain = domainOf(server);
  const known = await new ConfigFile(context.env).erase(domain);
  context.stdout.write(known ? `Removing login credentials for ${domain}\n` : `Not logged in to ${domain}\n`);
  return 0;
}

/** `host[:port]`, from whatever people write for it. */
function domainOf(server: string | undefined): string {
  const host = (server ?? "docker.io").replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return ["index.docker.io", "registry-1.docker.io"].includes(host) ? "docker.io" : host;
}

async function ask(
  context: Context,
  { username, password, passwordStdin }: LoginOptions,
): Promise<{ readonly username: string; readonly password: string }> {
  if (passwordStdin === true) {
    if (username === undefined)
      throw new GantryError("request.invalid", "--password-stdin needs --username as well");
    return { username, password: (await readText(context.stdin)).replace(/\r?\n$/, "") };
  }
  if (username !== undefined && password !== undefined) return { username, password };
  if (!context.stdin.isTTY)
    throw new GantryError("request.invalid", "there is nobody to ask for a name and a password", {
      next: "give --username and --password-stdin",
    });
  const lines = createInterface({ input: context.stdin, output: process.stderr });
  try {
    const name = username ?? (await lines.question("Username: "));
    if (password !== undefined) return { username: name, password };
    process.stderr.write("Password: ");
    context.stdin.setRawMode(true);
    const secret = await hiddenLine(context.stdin);
    process.stderr.write("\n");
    return { username: name, password: secret };
  } finally {
    lines.close();
  }
}

/** A line typed on a terminal in raw mode, shown nowhere. Throws request.invalid on ctrl-C. */
async function hiddenLine(stdin: NodeJS.ReadStream): Promise<string> {
  try {
    let typed = "";
    for await (const chunk of stdin) {
      for (const character of String(chunk)) {
        if (character === "\r" || character === "\n") return typed;
        if (character === "\u0003") throw new GantryError("request.invalid", "no password was given");
        typed = character === "\u007F" ? typed.slice(0, -1) : typed + character;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
  }
}
