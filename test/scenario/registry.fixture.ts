import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { until } from "./until.ts";

function has(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" }).status === 0;
}

/** Whether Debian's registry is here; says so where it is not. */
export const HAS_REGISTRY = has("docker-registry");
export const HAS_HTPASSWD = has("htpasswd");
export const HAS_SKOPEO = has("skopeo");
export const HAS_UMOCI = has("umoci");
if (!HAS_REGISTRY) console.warn("SKIPPED: no registry to pull from; apt-get install docker-registry");
if (!HAS_HTPASSWD) console.warn("SKIPPED: no registry that asks who comes; apt-get install apache2-utils");
if (!HAS_SKOPEO || !HAS_UMOCI)
  console.warn("SKIPPED: no peers to compare with; apt-get install skopeo umoci");

export interface RegistryOptions {
  /** Lines of htpasswd(1): who may come in. Everybody when absent. */
  readonly users?: string;
  /** PEM files to speak TLS with. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** A port of loopback that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

/** Docker's own registry, on loopback, with nothing in it. */
export class Registry {
  readonly base: string;
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(base: string, port: number, child: ChildProcess) {
    this.base = base;
    this.port = port;
    this.#child = child;
  }

  /** `127.0.0.1:PORT`. */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  static async open({ users, tls }: RegistryOptions = {}): Promise<Registry> {
    const base = await realpath(await mkdtemp(join(tmpdir(), "gantry-registry-")));
    const port = await freePort();
    const config = join(base, "config.yml");
    if (users !== undefined) await writeFile(join(base, "users"), users);
    await mkdir(join(base, "data"));
    await writeFile(
      config,
      JSON.stringify({
        version: 0.1,
        log: { level: "error", accesslog: { disabled: true } },
        storage: { filesystem: { rootdirectory: join(base, "data") }, delete: { enabled: true } },
        http: {
          addr: `127.0.0.1:${port}`,
          secret: "test",
          ...(tls === undefined ? {} : { tls: { certificate: tls.certificate, key: tls.key } }),
        },
        ...(users === undefined ? {} : { auth: { htpasswd: { realm: "test", path: join(base, "users") } } }),
      }),
    );
    const child = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
    const scheme = tls === undefined ? "http" : "https";
    await until("the registry", async () => {
      const url = `${scheme}://127.0.0.1:${port}/v2/`;
      if (tls !== undefined) return spawnSync("curl", ["-sk", "-o", "/dev/null", url]).status === 0;
      return [200, 401].includes((await fetch(url)).status);
    });
    return new Registry(base, port, child);
  }

  /** Ends it at once. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGKILL");
      await ended;
    }
    await rm(this.base, { recursive: true, force: true });
  }

  /** Uploads a blob as a client does; returns its descriptor. */
  async upload(repository: string, content: Buffer, mediaType: string): Promise<BlobDescriptor> {
    const digest = digestOf(content);
    const begun = await fetch(`http://${this.host}/v2/${repository}/blobs/uploads/`, { method: "POST" });
    const to = new URL(begun.headers.get("location") ?? "", `http://${this.host}`);
    to.searchParams.set("digest", digest);
    const headers = { "Content-Type": "application/octet-stream" };
    const put = await fetch(to, { method: "PUT", body: new Uint8Array(content), headers });
    if (put.status !== 201) throw new Error(`upload: ${put.status} ${await put.text()}`);
    return { mediaType, digest, size: content.length };
  }

  /** Puts a manifest under a tag; returns its digest. */
  async putManifest(repository: string, tag: string, manifest: object, mediaType: string): Promise<string> {
    const body = JSON.stringify(manifest);
    const answer = await fetch(`http://${this.host}/v2/${repository}/manifests/${tag}`, {
      method: "PUT",
      body,
      headers: { "Content-Type": mediaType },
    });
    if (answer.status !== 201) throw new Error(`manifest: ${answer.status} ${await answer.text()}`);
    return digestOf(Buffer.from(body));
  }

  /** An image of these layers (plain tars; they are packed with gzip), by its `repository:tag`. */
  async image(name: string, layers: readonly Buffer[], more: ImageOptions = {}): Promise<UploadedImage> {
    const [repository = "", tag = "latest"] = name.split(":");
    const pack = more.pack ?? { suffix: "+gzip", with: (tar: Buffer) => gzipSync(tar, { level: 1 }) };
    const diffIds = layers.map(digestOf);
    const configuration = Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        config: { Cmd: ["/bin/sh"], ...more.config },
        rootfs: { type: "layers", diff_ids: more.diffIds ?? diffIds },
        ...more.top,
      }),
    );
    const config = await this.upload(repository, configuration, OCI_CONFIG);
    const blobs: BlobDescriptor[] = [];
    for (const layer of layers)
      blobs.push(await this.upload(repository, pack.with(layer), `${OCI_LAYER}${pack.suffix}`));
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: blobs };
    const digest = await this.putManifest(repository, tag, manifest, OCI_MANIFEST);
    return { reference: `${this.host}/${name}`, id: config.digest, digest, layers: blobs, diffIds };
  }

  /** How many bytes its blobs take. */
  async manifest(
    repository: string,
    reference: string,
  ): Promise<{ readonly layers: readonly BlobDescriptor[] }> {
    const headers = { Accept: OCI_MANIFEST };
    const answer = await fetch(`http://${this.host}/v2/${repository}/manifests/${reference}`, { headers });
    if (answer.status !== 200) throw new Error(`manifest: ${answer.status}`);
    return (await answer.json()) as { readonly layers: readonly BlobDescriptor[] };
  }

  /** The file in which it keeps a blob: to damage it. */
  blobFile(digest: string): string {
    const hex = digest.slice(7);
    return join(this.base, "data/docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
  }

  async blob(digest: string): Promise<Buffer> {
    return await readFile(this.blobFile(digest));
  }
}

export interface BlobDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface ImageOptions {
  /** Members of `config`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Members of the configuration itself. */
  readonly top?: Readonly<Record<string, unknown>>;
  /** Other diff ids than are true. */
  readonly diffIds?: readonly string[];
  readonly pack?: { readonly suffix: string; readonly with: (tar: Buffer) => Buffer };
}

export interface UploadedImage {
  readonly reference: string;
  readonly id: string;
  /** Of its manifest. */
  readonly digest: string;
  readonly layers: readonly BlobDescriptor[];
  readonly diffIds: readonly string[];
}

export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
export const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";

export function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
