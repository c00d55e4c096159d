import { GantryError } from "../error.ts";
import { parseChallenges } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { findEndpoint } from "./endpoint.ts";
import { isConnectionError, isPassing, unreachable } from "./failure.ts";
import { askedPatienceMs, backoffMs, pause, TRIES } from "./retry.ts";
import { authorizationFor } from "./token.ts";
import type { Answer, Request, Transport } from "./transport.ts";

export interface SessionOptions {
  readonly transport: Transport;
  /** `host[:port]`. */
  readonly host: string;
  readonly credentials: Credentials | undefined;
  /** `repository:library/alpine:pull`, ... */
  readonly scopes: readonly string[];
  readonly signal?: AbortSignal;
}

export interface SessionRequest extends Omit<Request, "signal"> {
  /** Try again when the connection breaks or the other side is overloaded: not for a body that can be sent only once. */
  readonly repeat?: boolean;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 5;

/** What is said to one registry for one purpose: authorization, redirects, and patience. */
export class RegistrySession {
  readonly host: string;
  readonly #base: URL;
  readonly #options: SessionOptions;
  #authorization: string | undefined;
  #authorizing: Promise<void> | undefined;

  private constructor(base: URL, options: SessionOptions) {
    this.host = options.host;
    this.#base = base;
    this.#options = options;
  }

  /** Throws registry.unreachable. */
  static async open(options: SessionOptions): Promise<RegistrySession> {
    return new RegistrySession(await findEndpoint(options.transport, options.host, options.signal), options);
  }

  /**
   * What a registry says about where to go on, as a path of its own or a whole address. Throws registry.unreachable for
   * one that leads out of what is safe.
   */
  within(location: string, from: URL): string {
    const url = this.#redirected(from, location);
    return url.origin === this.#base.origin ? `${url.pathname}${url.search}` : url.href;
  }

  /**
   * The answer, whatever its status; its body must be read or dumped. Throws registry.unreachable, registry.denied when
   * there is no way to be let in, and the signal's reason.
   */
  async send(path: string, request: SessionRequest): Promise<Answer> {
    const { signal } = this.#options;
    const url = new URL(path, this.#base);
    for (let failures = 0; ;) {
      signal?.throwIfAborted();
      const last = request.repeat === false || failures + 1 >= TRIES;
      let patience = 0;
      try {
        const answer = await this.#authorized(url, request);
        if (last || !isPassing(answer.status)) return answer;
        patience = askedPatienceMs(answer, Date.now());
        if (patience === Infinity) return answer;
        await answer.body.dump();
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof GantryError) throw error;
        if (last || !isConnectionError(error)) throw unreachable(url, error);
      }
      failures += 1;
      await pause(Math.max(patience, backoffMs(failures)), signal);
    }
  }

  async #authorized(url: URL, request: SessionRequest): Promise<Answer> {
    const before = this.#authorization;
    const answer = await this.#followed(url, request);
    // Only the registry itself may ask: whoever it points to never sees who we are.
    if (answer.status !== 401 || answer.url.origin !== url.origin) return answer;
    const challenges = parseChallenges(answer.headers["www-authenticate"] ?? "");
    if (challenges.length === 0) return answer;
    await answer.body.dump();
    if (this.#authorization === before) await this.#authorize(challenges);
    if (isOnce(request.body))
      throw new GantryError("registry.denied", `the registry ${this.host} asked who we are in the middle`);
    return await this.#followed(url, request);
  }

  /** Several requests that are refused at once share one token. */
  async #authorize(challenges: ReturnType<typeof parseChallenges>): Promise<void> {
    this.#authorizing ??= authorizationFor(this.host, challenges, this.#options)
      .then((header) => {
        this.#authorization = header;
      })
      .finally(() => {
        this.#authorizing = undefined;
      });
    await this.#authorizing;
  }

  async #followed(start: URL, request: SessionRequest): Promise<Answer> {
    const { transport, signal } = this.#options;
    let url = start;
    for (let redirects = 0; ; redirects++) {
      const own = url.origin === start.origin && this.#authorization !== undefined;
      const answer = await transport.send(url, {
        method: request.method,
        headers: { ...request.headers, ...(own ? { Authorization: this.#authorization ?? "" } : {}) },
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(signal === undefined ? {} : { signal }),
      });
      const target = answer.headers["location"];
      const follow = request.method === "GET" || request.method === "HEAD";
      if (!follow || !REDIRECTS.has(answer.status) || target === undefined) return answer;
      await answer.body.dump();
      if (redirects >= MOST_REDIRECTS)
        throw new GantryError(
          "registry.unreachable",
          `${start.host} sends from one place to the next without end`,
        );
      url = this.#redirected(url, target);
    }
  }

  #redirected(from: URL, target: string): URL {
    const url = URL.canParse(target, from.href) ? new URL(target, from) : undefined;
    const plain = url?.protocol === "http:" && this.#options.transport.mayBePlain(url.host);
    if (url !== undefined && (url.protocol === "https:" || plain)) return url;
    throw new GantryError(
      "registry.unreachable",
      `${from.host} sends to ${JSON.stringify(target.slice(0, 200))}, which is not safe`,
    );
  }
}

function isOnce(body: Request["body"]): boolean {
  return body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array);
}
