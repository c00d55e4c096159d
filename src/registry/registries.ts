import { GantryError } from "../error.ts";
import type { Image } from "../image/image.ts";
import type { Platform } from "../image/platform.ts";
import { formatReference, parseReference, type Reference } from "../image/reference.ts";
import type { ShippableImage } from "../image/shipping.ts";
import type { ImageStore } from "../image/store.ts";
import { hostOf } from "./address.ts";
import { ConfigFile } from "./config-file.ts";
import type { Credentials } from "./credentials.ts";
import { Downloads } from "./downloads.ts";
import { logIn } from "./login.ts";
import { type Pulled, pullFrom } from "./pull.ts";
import { type Pushed, pushTo } from "./push.ts";
import { RegistrySession } from "./session.ts";
import type { RegistrySettings } from "./settings.ts";
import type { TransferEvent } from "./transfer.ts";
import { Transport } from "./transport.ts";

/** Repositories that a push tries to mount layers from: each costs a request where it does not help. */
const MOST_MOUNTS = 3;

export interface PullOptions {
  readonly platform?: Platform;
  /** What the user gave; else those of the daemon's own ~/.docker/config.json. */
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal;
  readonly tell?: (event: TransferEvent) => void;
}

/** Everything that goes on with registries, over all requests. */
export class Registries {
  readonly #transport: Transport;
  readonly #settings: RegistrySettings;
  readonly #store: ImageStore;
  readonly #downloads: Downloads;
  readonly #config: ConfigFile;
  readonly #closing = new AbortController();

  constructor(
    store: ImageStore,
    settings: RegistrySettings,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.#store = store;
    this.#settings = settings;
    this.#transport = new Transport(settings, env);
    this.#config = new ConfigFile(env);
    this.#downloads = new Downloads(settings.parallelDownloads, (layer) => store.discardLayer(layer));
  }

  /**
   * Pulls an image: from the registry's mirrors, then from itself. Throws request.invalid for what is no reference,
   * registry.unreachable, registry.denied, registry.limited, image.not-found, image.invalid.
   */
  async pull(text: string, options: PullOptions = {}): Promise<Pulled> {
    const reference = parseReference(text);
    if (reference.domain === "docker.io" && reference.path === "library/host")
      throw new GantryError("request.invalid", "the host image is this machine itself and cannot be pulled");
    const signal = AbortSignal.any([this.#closing.signal, ...(options.signal ? [options.signal] : [])]);
    const mirrors = this.#settings.mirrors[reference.domain] ?? [];
    for (const mirror of mirrors) {
      try {
        return await this.#pullAt(reference, mirror, signal, {
          ...options,
          credentials: await this.#config.credentials(mirror),
        });
      } catch (error) {
        signal.throwIfAborted();
        const { message } = error as Error;
        options.tell?.({ kind: "warning", message: `the mirror ${mirror} did not help: ${message}` });
      }
    }
    const credentials = options.credentials ?? (await this.#config.credentials(reference.domain));
    return await this.#pullAt(reference, hostOf(reference.domain), signal, { ...options, credentials });
  }

  /**
   * Pushes an image that is here under this name to the registry that the name says. Throws image.not-found,
   * request.invalid, registry.unreachable, registry.denied, registry.limited.
   */
  async push(text: string, options: Omit<PullOptions, "platform"> = {}): Promise<Pushed> {
    const { domain, path, tag } = parseReference(text);
    const id = this.#store.idOf(formatReference({ domain, path, ...(tag && { tag }) }));
    if (tag === undefined || id === undefined) {
      throw new GantryError("image.not-found", `there is no image ${text}`, {
        next: `give one that name first: gantry tag IMAGE ${text}`,
      });
    }
    const signal = AbortSignal.any([this.#closing.signal, ...(options.signal ? [options.signal] : [])]);
    const image = await this.#store.shippable(id);
    const mountFrom = this.#repositoriesAt(domain, await this.#store.list(), image).filter(
      (one) => one !== path,
    );
    const session = await RegistrySession.open({
      transport: this.#transport,
      host: hostOf(domain),
      credentials: options.credentials ?? (await this.#config.credentials(domain)),
      scopes: [`repository:${path}:pull,push`, ...mountFrom.map((from) => `repository:${from}:pull`)],
      signal,
    });
    const task = {
      session,
      repository: path,
      tag,
      image,
      mountFrom,
      signal,
      tell: options.tell ?? (() => undefined),
    };
    const pushed = await pushTo(task);
    await this.#store.name(id, [formatReference({ domain, path, digest: pushed.digest })], Date.now());
    return pushed;
  }

  /** Asks a registry whether it knows somebody. Throws registry.denied. */
  async logIn(domain: string, who: { readonly username: string; readonly password: string }): Promise<void> {
    await logIn(this.#transport, hostOf(domain), who);
  }

  /** Gives up what goes on. */
  async close(): Promise<void> {
    this.#closing.abort(new GantryError("daemon.unreachable", "the daemon is stopping"));
    await this.#transport.close();
  }

  /** Repositories of a registry that are known to have layers of this image, since images of theirs came from or went there. */
  #repositoriesAt(domain: string, images: readonly Image[], image: ShippableImage): readonly string[] {
    const wanted = new Set(image.layers.map(({ diffId }) => diffId));
    const found = images
      .filter(
        ({ id, digests }) =>
          digests.length > 0 && this.#store.diffIds(id).some((diffId) => wanted.has(diffId)),
      )
      .flatMap(({ digests }) => digests.map((digest) => parseReference(digest)))
      .filter((reference) => reference.domain === domain)
      .map(({ path }) => path);
    return [...new Set(found)].slice(0, MOST_MOUNTS);
  }

  async #pullAt(
    reference: Reference,
    host: string,
    signal: AbortSignal,
    options: Omit<PullOptions, "credentials"> & { readonly credentials: Credentials | undefined },
  ): Promise<Pulled> {
    const { platform, credentials, tell } = options;
    const session = await RegistrySession.open({
      transport: this.#transport,
      host,
      credentials,
      scopes: [`repository:${reference.path}:pull`],
      signal,
    });
    return await pullFrom({
      session,
      store: this.#store,
      downloads: this.#downloads,
      reference,
      signal,
      tell: tell ?? (() => undefined),
      ...(platform === undefined ? {} : { platform }),
    });
  }
}
