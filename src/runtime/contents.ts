import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { GantryError, messageOf } from "../error.ts";
import { replaceFile, syncFolder } from "../host/durable.ts";

const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NAME = /^[0-9a-f]{64}$/;

interface Keys {
  readonly naming: Uint8Array;
  readonly sealing: Uint8Array;
}

/**
 * What configs and secrets hold, encrypted: `<root>/contents/<name>`, AES-256-GCM (NIST SP 800-38D) under the key in
 * `<root>/contents.key`, mode 0600, which is made when there is first something to keep. A name is a keyed hash
 * (RFC 2104) of the content: equal contents have equal names, and nobody can try out what a short secret might be.
 */
export class Contents {
  readonly #root: string;
  readonly #folder: string;
  #keys: Promise<Keys> | undefined;

  constructor(root: string) {
    this.#root = root;
    this.#folder = join(root, "contents");
  }

  async nameOf(bytes: Uint8Array): Promise<string> {
    const { naming } = await this.#open();
    return createHmac("sha256", naming).update(bytes).digest("hex");
  }

  /** Keeps a content; durable once this resolves to its name. */
  async put(bytes: Uint8Array): Promise<string> {
    const name = await this.nameOf(bytes);
    const { sealing } = await this.#open();
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, sealing, nonce).setAAD(Buffer.from(name));
    const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await syncFolder(this.#root);
    await replaceFile(join(this.#folder, name), Buffer.concat([nonce, cipher.getAuthTag(), sealed]));
    return name;
  }

  /** Throws `internal` for what is not there, or was changed by somebody else. */
  async get(name: string): Promise<Uint8Array> {
    if (!NAME.test(name)) throw new GantryError("internal", `"${name}" is not the name of a content`);
    const { sealing } = await this.#open();
    try {
      const file = await readFile(join(this.#folder, name));
      const decipher = createDecipheriv(CIPHER, sealing, file.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(Buffer.from(name))
        .setAuthTag(file.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(file.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new GantryError("internal", `a config or secret cannot be opened: ${messageOf(cause)}`, {
        next: "apply the project again",
        cause,
      });
    }
  }

  /** Forgets what nobody refers to any more, and what a crash left half written. */
  async keepOnly(names: ReadonlySet<string>): Promise<void> {
    for (const file of await readdir(this.#folder).catch(() => []))
      if (!names.has(file)) await rm(join(this.#folder, file), { force: true });
  }

  async #open(): Promise<Keys> {
    this.#keys ??= readKey(join(this.#root, "contents.key")).catch((error: unknown) => {
      this.#keys = undefined;
      throw error;
    });
    return await this.#keys;
  }
}

async function readKey(path: string): Promise<Keys> {
  let key = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (key === undefined) {
    key = randomBytes(KEY_BYTES);
    await replaceFile(path, key);
  }
  if (key.length !== KEY_BYTES)
    throw new GantryError("internal", `${path} is not a key of ${KEY_BYTES} bytes`, {
      next: "put the right one back, or remove it and apply the projects again",
    });
  const derived = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync("sha256", key, "", purpose, KEY_BYTES));
  return { naming: derived("gantry content names"), sealing: derived("gantry content sealing") };
}
