import { chmod, mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { GantryError } from "../error.ts";
import { replaceFile } from "../host/durable.ts";
import { credentialHelper, type CredentialHelper } from "./credential-helper.ts";
import { type Credentials, credentialsOf } from "./credentials.ts";

type Json = Readonly<Record<string, unknown>>;

/** The key of Docker's own registry in config.json, from its first days. */
const DOCKER_HUB = "https://index.docker.io/v1/";

/** `~/.docker/config.json`, or that of DOCKER_CONFIG: where `login` keeps who somebody is. Other tools' keys stay. */
export class ConfigFile {
  readonly path: string;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    const folder = env["DOCKER_CONFIG"] ?? "";
    this.path = join(folder === "" ? join(env["HOME"] ?? homedir(), ".docker") : folder, "config.json");
  }

  /** Who the user is to the registry of a domain (`docker.io`, `registry.example.org:5000`). */
  async credentials(domain: string): Promise<Credentials | undefined> {
    const config = await this.#read();
    const key = keyOf(domain);
    const helper = helperFor(config, domain);
    if (helper !== undefined) return await helper.get(key);
    return credentialsOf(entryOf(config, domain)?.[1]);
  }

  async store(
    domain: string,
    username: string,
    secret: string,
    kind: "password" | "identity",
  ): Promise<void> {
    const config = await this.#read();
    const key = keyOf(domain);
    const helper = helperFor(config, domain);
    if (helper !== undefined)
      return await helper.store(key, kind === "identity" ? "<token>" : username, secret);
    const auth = Buffer.from(`${username}:${kind === "password" ? secret : ""}`).toString("base64");
    const entry = kind === "identity" ? { auth, identitytoken: secret } : { auth };
    await this.#write({ ...config, auths: { ...objectIn(config, "auths"), [key]: entry } });
  }

  /** False when there was nothing to forget. */
  async erase(domain: string): Promise<boolean> {
    const config = await this.#read();
    const helper = helperFor(config, domain);
    if (helper !== undefined) {
      await helper.erase(keyOf(domain));
      return true;
    }
    const entry = entryOf(config, domain);
    if (entry === undefined) return false;
    const auths = Object.entries(objectIn(config, "auths")).filter(([key]) => key !== entry[0]);
    await this.#write({ ...config, auths: Object.fromEntries(auths) });
    return true;
  }

  async #read(): Promise<Json> {
    const text = await readFile(this.path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return "{}";
      throw error;
    });
    try {
      return JSON.parse(text === "" ? "{}" : text) as Json;
    } catch (cause) {
      throw new GantryError("request.invalid", `${this.path} is not JSON`, {
        next: "mend or remove it",
        cause,
      });
    }
  }

  async #write(config: Json): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    await replaceFile(this.path, `${JSON.stringify(config, undefined, "\t")}\n`);
    await chmod(this.path, 0o600);
  }
}

function keyOf(domain: string): string {
  return domain === "docker.io" ? DOCKER_HUB : domain;
}

/** Docker has had keys with and without a scheme and a path. */
function domainOf(key: string): string {
  const host = key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return ["index.docker.io", "docker.io", "registry-1.docker.io"].includes(host) ? "docker.io" : host;
}

function entryOf(config: Json, domain: string): readonly [string, unknown] | undefined {
  return Object.entries(objectIn(config, "auths")).find(([key]) => domainOf(key) === domain);
}

function helperFor(config: Json, domain: string): CredentialHelper | undefined {
  const own = Object.entries(objectIn(config, "credHelpers")).find(([key]) => domainOf(key) === domain)?.[1];
  const name = own ?? config["credsStore"];
  return typeof name === "string" && name !== "" ? credentialHelper(name) : undefined;
}

function objectIn(config: Json, key: string): Json {
  const value = config[key];
  return typeof value === "object" && value !== null ? (value as Json) : {};
}
