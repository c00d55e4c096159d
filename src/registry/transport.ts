import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { certificatesFor } from "./certificates.ts";
import { isLoopback } from "./address.ts";
import type { RegistrySettings } from "./settings.ts";

export interface Request {
  readonly method: "GET" | "HEAD" | "POST" | "PATCH" | "PUT" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** An answer whose body is still to be read, or to be dropped with `body.dump()`. */
export interface Answer {
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Dispatcher.ResponseData["body"];
}

const CONNECT_MS = 15_000;
/** Of silence: between request and answer, and within a body. */
const SILENCE_MS = 60_000;

/** HTTP with registries and whoever they point to: certificates, proxies of the environment, connections kept. */
export class Transport {
  readonly #settings: RegistrySettings;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();

  constructor(settings: RegistrySettings, env: Readonly<Record<string, string | undefined>>) {
    this.#settings = settings;
    this.#env = env;
  }

  /** Whether an address may be spoken to without encryption. */
  mayBePlain(host: string): boolean {
    return isLoopback(host) || this.isInsecure(host);
  }

  isInsecure(host: string): boolean {
    return this.#settings.insecure.includes(host);
  }

  /** One request and its answer: no redirects followed, nothing tried twice. Throws undici's and the system's errors. */
  async send(url: URL, { method, headers, body, signal }: Request): Promise<Answer> {
    const dispatcher = await this.#dispatcher(url);
    const plain = body === undefined || typeof body === "string" || body instanceof Uint8Array;
    const answer = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: { "User-Agent": "gantry", "Accept-Encoding": "identity", ...headers },
      body: plain ? (body ?? null) : Readable.from(body),
      ...(signal === undefined ? {} : { signal }),
    });
    const named = Object.entries(answer.headers).map(([name, value]): [string, string] => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]);
    return { url, status: answer.statusCode, headers: Object.fromEntries(named), body: answer.body };
  }

  async close(): Promise<void> {
    for (const made of this.#dispatchers.values())
      await made.then(
        (dispatcher) => dispatcher.destroy(),
        () => undefined,
      );
  }

  #dispatcher(url: URL): Promise<Dispatcher> {
    const known = this.#dispatchers.get(url.origin);
    if (known !== undefined) return known;
    const made = this.#open(url);
    this.#dispatchers.set(url.origin, made);
    made.catch(() => this.#dispatchers.delete(url.origin)); // A certificate may be mended meanwhile.
    return made;
  }

  async #open(url: URL): Promise<Dispatcher> {
    // Only now: loading it takes longer than anything else in the daemon's start, and many never pull.
    const { Agent, EnvHttpProxyAgent } = await import("undici");
    const { ca, cert, key } = await certificatesFor(url.host, this.#settings.certificateFolders, this.#env);
    const tls = {
      ca: [...ca],
      ...(cert === undefined ? {} : { cert, key }),
      rejectUnauthorized: !this.isInsecure(url.host),
      timeout: CONNECT_MS,
    };
    const limits = { headersTimeout: SILENCE_MS, bodyTimeout: SILENCE_MS, connect: tls };
    // As programs in Go do: this machine itself is not behind its proxy.
    if (isLoopback(url.host)) return new Agent(limits);
    const proxy = (name: string): string => this.#env[name.toLowerCase()] ?? this.#env[name] ?? "";
    return new EnvHttpProxyAgent({
      ...limits,
      requestTls: tls,
      httpProxy: proxy("HTTP_PROXY"),
      httpsProxy: proxy("HTTPS_PROXY"),
      noProxy: proxy("NO_PROXY"),
    });
  }
}
