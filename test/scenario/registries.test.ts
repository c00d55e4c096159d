import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { GantryError } from "../../src/error.ts";
import { type ImageStore, openImageStore } from "../../src/image/store.ts";
import { Registries } from "../../src/registry/registries.ts";
import { DEFAULT_SETTINGS, type RegistrySettings } from "../../src/registry/settings.ts";
import type { TransferEvent } from "../../src/registry/transfer.ts";
import { FaultyProxy } from "./faulty-proxy.fixture.ts";
import {
  digestOf,
  HAS_HTPASSWD,
  HAS_REGISTRY,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER,
  OCI_MANIFEST,
  Registry,
} from "./registry.fixture.ts";
import { tarOf } from "./tar-bytes.ts";
import { until } from "./until.ts";

const APPLIER = process.env["GANTRY_TEST_APPLIER"] ?? resolve("native/build/gantry-applier");

let root: string;
let store: ImageStore;
let registries: Registries;
let registry: Registry;
let proxy: FaultyProxy;

beforeAll(async () => {
  if (!HAS_REGISTRY) return;
  registry = await Registry.open();
  proxy = await FaultyProxy.open(registry.port);
});
afterAll(async () => {
  await proxy?.close();
  await registry?.close();
});
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "gantry-registries-"));
  await openAgain();
});
afterEach(async () => {
  await registries.close();
  await rm(root, { recursive: true, force: true });
});

async function openAgain(
  settings: Partial<RegistrySettings> = {},
  env: Record<string, string> = {},
): Promise<void> {
  const hostRoot = join(root, "host");
  mkdirSync(join(hostRoot, "usr"), { recursive: true });
  store = await openImageStore({ root, applier: APPLIER, hostRoot });
  registries = new Registries(
    store,
    { ...DEFAULT_SETTINGS, certificateFolders: [join(root, "certs")], ...settings },
    { HOME: root, ...env },
  );
}

function onDisk(): { readonly layers: number; readonly blobs: number } {
  return {
    layers: readdirSync(join(root, "layers")).length,
    blobs: readdirSync(join(root, "images/blobs/sha256")).length,
  };
}

async function failure(work: Promise<unknown>): Promise<GantryError> {
  return await work.then(
    () => expect.fail("it should have failed"),
    (error: unknown) => error as GantryError,
  );
}

/** A layer that gzip cannot make small. */
function noise(name: string, bytes: number): Buffer {
  return tarOf({ name, data: randomBytes(bytes) });
}

const hello = tarOf({ name: "etc", type: "5" }, { name: "etc/hello", data: "hello\n" });

describe.runIf(HAS_REGISTRY)("a registry that fails in the middle", () => {
  test("a layer whose connection breaks again and again goes on where it stood, and is whole", async () => {
    const layer = noise("big", 5_000_000);
    const image = await registry.image("faulty/cut:1", [layer]);
    const [blob] = image.layers;
    proxy.misbehave(({ method, url }, count) =>
      method === "GET" && url.endsWith(blob?.digest ?? "") && count < 3 ? { cutAfter: 1_200_000 } : undefined,
    );
    const pulled = await registries.pull(`${proxy.host}/faulty/cut:1`);
    expect(pulled.image.id).toBe(image.id);
    const ranges = proxy.seen.filter(({ url }) => url.endsWith(blob?.digest ?? "")).map(({ range }) => range);
    expect(ranges).toHaveLength(4);
    expect(ranges[0]).toBeUndefined();
    for (const range of ranges.slice(1)) expect(range).toMatch(/^bytes=\d+-$/);
    expect(
      readFileSync(join(pulled.image.layers[0] ?? "", "big")).equals(layer.subarray(512, 512 + 5_000_000)),
    ).toBe(true);
  });

  test("one that makes no progress is given up, and nothing of it stays", async () => {
    await registry.image("faulty/dead:1", [noise("big", 500_000)]);
    proxy.misbehave(({ url }) => (url.includes("/blobs/") ? { cutAfter: 0 } : undefined));
    expect(await failure(registries.pull(`${proxy.host}/faulty/dead:1`))).toMatchObject({
      code: "registry.unreachable",
    });
    expect(onDisk()).toEqual({ layers: 0, blobs: 0 });
  });

  test("overload is tried again; a limit that asks for patience beyond reason is told as such", async () => {
    const image = await registry.image("faulty/busy:1", [hello]);
    proxy.misbehave((_, count) => (count < 2 ? { status: 503 } : undefined));
    expect((await registries.pull(`${proxy.host}/faulty/busy:1`)).image.id).toBe(image.id);
    proxy.misbehave(({ url }) =>
      url.includes("/manifests/") ? { status: 429, headers: { "Retry-After": "3600" } } : undefined,
    );
    const limited = await failure(registries.pull(`${proxy.host}/faulty/busy:2`));
    expect(limited).toMatchObject({
      code: "registry.limited",
      next: expect.stringContaining("3600 s") as string,
    });
    expect(proxy.seen.filter(({ method }) => method === "GET").length).toBeLessThan(4);
  });

  test("a pull that is aborted lets go of its layer at once, and leaves nothing", async () => {
    await registry.image("faulty/slow:1", [noise("big", 400_000)]);
    proxy.misbehave(({ url, method }) =>
      method === "GET" && url.includes("/blobs/") ? { slow: { bytes: 4096, ms: 50 } } : undefined,
    );
    const abort = new AbortController();
    let coming = false;
    const tell = (event: TransferEvent): void => {
      coming ||= event.kind === "layer" && event.state === "downloading";
    };
    const pulling = failure(registries.pull(`${proxy.host}/faulty/slow:1`, { signal: abort.signal, tell }));
    await until("bytes", () => coming);
    abort.abort(new Error("enough"));
    expect((await pulling).message).toBe("enough");
    expect(onDisk()).toEqual({ layers: 0, blobs: 0 });
  });
});

describe.runIf(HAS_REGISTRY)("pulls at the same time", () => {
  test("twenty of overlapping images fetch each archive once, and all of them are whole", async () => {
    const layers = Array.from({ length: 8 }, (_, index) => noise(`layer-${index}`, 200_000));
    const images = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const own = [0, 1, 2, 3].map((offset) => layers[(index + offset) % 8] ?? hello);
        return await registry.image(`many/image-${index}:1`, own);
      }),
    );
    proxy.misbehave(() => undefined);
    const pulled = await Promise.all(
      images.map((_, index) => registries.pull(`${proxy.host}/many/image-${index}:1`)),
    );
    expect(pulled.map(({ image }) => image.id)).toEqual(images.map(({ id }) => id));
    for (const layer of layers) {
      const digest = digestOf(gzipSync(layer, { level: 1 }));
      expect(proxy.seen.filter(({ method, url }) => method === "GET" && url.endsWith(digest))).toHaveLength(
        1,
      );
    }
    expect(onDisk().layers).toBe(8);
    await registries.close();
    await openAgain();
    expect(store.problems).toEqual([]);
    expect(await store.list()).toHaveLength(new Set(images.map(({ id }) => id)).size + 1);
  });

  test("one that is given up does not take along those who wait for the same archive", async () => {
    const image = await registry.image("many/shared:1", [noise("big", 400_000)]);
    proxy.misbehave(({ url, method }) =>
      method === "GET" && url.includes("/blobs/") ? { slow: { bytes: 65_536, ms: 20 } } : undefined,
    );
    const abort = new AbortController();
    const reference = `${proxy.host}/many/shared:1`;
    let coming = false;
    const tell = (event: TransferEvent): void => {
      coming ||= event.kind === "layer" && event.state === "downloading";
    };
    const first = failure(registries.pull(reference, { signal: abort.signal, tell }));
    await until("bytes", () => coming);
    const second = registries.pull(reference, {
      tell: (event) => {
        if (event.kind === "layer" && event.state === "waiting")
          setImmediate(() => abort.abort(new Error("enough")));
      },
    });
    expect((await first).message).toBe("enough");
    expect((await second).image.id).toBe(image.id);
  });
});

describe.runIf(HAS_REGISTRY)("a registry that lies", () => {
  async function refused(reference: string, words: string | RegExp, code = "image.invalid"): Promise<void> {
    const error = await failure(registries.pull(reference));
    expect(error.message).toMatch(words);
    expect(error.code).toBe(code);
    expect(onDisk()).toEqual({ layers: 0, blobs: 0 });
  }

  test("a layer that is another than its digest says", async () => {
    const image = await registry.image("lie/layer:1", [noise("a", 10_000)]);
    proxy.misbehave(({ method, url }) =>
      method === "GET" && url.endsWith(image.layers[0]?.digest ?? "")
        ? { status: 200, body: gzipSync(hello).subarray() }
        : undefined,
    );
    // It is shorter, too: what is missing is asked for, and that is refused in the end.
    const error = await failure(registries.pull(`${proxy.host}/lie/layer:1`));
    expect(["image.invalid", "registry.unreachable"]).toContain(error.code);
    expect(onDisk()).toEqual({ layers: 0, blobs: 0 });
  });

  test("a layer of the right size and other content", async () => {
    const content = gzipSync(noise("a", 10_000));
    const image = await registry.image("lie/same-size:1", [hello], {
      pack: { suffix: "+gzip", with: () => content },
    });
    const other = Buffer.from(content);
    other[other.length - 20] = (other[other.length - 20] ?? 0) ^ 1;
    proxy.misbehave(({ method, url }) =>
      method === "GET" && url.endsWith(image.layers[0]?.digest ?? "")
        ? { status: 200, body: other }
        : undefined,
    );
    await refused(`${proxy.host}/lie/same-size:1`, /damaged|gzip/);
  });

  test("a manifest by digest that is another, and one without end", async () => {
    await registry.image("lie/manifest:1", [hello]);
    proxy.misbehave(({ url }) => (url.includes("/manifests/") ? { status: 200, body: "{}" } : undefined));
    await refused(`${proxy.host}/lie/manifest@sha256:${"0".repeat(64)}`, "sent something else");
    proxy.misbehave(({ url, method }) =>
      method === "GET" && url.includes("/manifests/") ? { endless: true } : undefined,
    );
    await refused(`${proxy.host}/lie/manifest:1`, "longer than 4194304 bytes");
  });

  test("a blob without end", async () => {
    const image = await registry.image("lie/endless:1", [hello]);
    proxy.misbehave(({ method, url }) =>
      method === "GET" && url.endsWith(image.layers[0]?.digest ?? "") ? { endless: true } : undefined,
    );
    await refused(`${proxy.host}/lie/endless:1`, /longer than the \d+ bytes|cannot be used|gzip/);
  });

  test("redirects without end, and out of what is safe", async () => {
    await registry.image("lie/redirect:1", [hello]);
    proxy.misbehave(({ url }) =>
      url.includes("/manifests/") ? { status: 307, headers: { Location: url } } : undefined,
    );
    await refused(`${proxy.host}/lie/redirect:1`, "from one place to the next", "registry.unreachable");
    proxy.misbehave(({ url }) =>
      url.includes("/manifests/") ? { status: 307, headers: { Location: "http://192.0.2.1/x" } } : undefined,
    );
    await refused(`${proxy.host}/lie/redirect:1`, "which is not safe", "registry.unreachable");
  });

  test("a token server that is not safe never learns who we are", async () => {
    await registry.image("lie/token:1", [hello]);
    const header = 'Bearer realm="http://192.0.2.1/token",service="x"';
    proxy.misbehave(({ url }) =>
      url.startsWith("/v2/lie") ? { status: 401, headers: { "WWW-Authenticate": header } } : undefined,
    );
    const credentials = { kind: "password", username: "ann", password: "secret" } as const;
    const error = await failure(registries.pull(`${proxy.host}/lie/token:1`, { credentials }));
    expect(error).toMatchObject({
      code: "registry.denied",
      message: expect.stringContaining("not safe") as string,
    });
  });

  test("indexes within indexes, artifacts, schema 1, both an index and an image", async () => {
    proxy.misbehave(() => undefined);
    const inner = await registry.putManifest(
      "lie/index",
      "a",
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] },
      OCI_INDEX,
    );
    let digest = inner;
    for (let depth = 0; depth < 4; depth++) {
      const manifests = [{ mediaType: OCI_INDEX, digest, size: 1 }];
      digest = await registry.putManifest(
        "lie/index",
        "deep",
        { schemaVersion: 2, mediaType: OCI_INDEX, manifests },
        OCI_INDEX,
      );
    }
    await refused(`${proxy.host}/lie/index:deep`, "without end");
    const answer = (manifest: object, type: string) => {
      proxy.misbehave(({ url, method }) =>
        url.includes("/manifests/")
          ? method === "HEAD"
            ? { status: 404 }
            : { status: 200, headers: { "Content-Type": type }, body: JSON.stringify(manifest) }
          : undefined,
      );
    };
    const blob = { mediaType: OCI_CONFIG, digest: `sha256:${"1".repeat(64)}`, size: 2 };
    answer(
      { schemaVersion: 2, config: { ...blob, mediaType: "application/vnd.x" }, layers: [] },
      OCI_MANIFEST,
    );
    await refused(`${proxy.host}/lie/any:1`, "no image, but an artifact");
    answer({ schemaVersion: 1, fsLayers: [] }, "application/vnd.docker.distribution.manifest.v1+json");
    await refused(`${proxy.host}/lie/any:1`, "schema 1");
    answer({ schemaVersion: 2, config: blob, layers: [], manifests: [] }, OCI_MANIFEST);
    await refused(`${proxy.host}/lie/any:1`, "it is both");
    answer({ schemaVersion: 2, config: { ...blob, digest: "sha256:../../x" }, layers: [] }, OCI_MANIFEST);
    await refused(`${proxy.host}/lie/any:1`, "not a sha256 digest");
    answer({ schemaVersion: 2, config: { ...blob, size: 1e12 }, layers: [] }, OCI_MANIFEST);
    await refused(`${proxy.host}/lie/any:1`, "longer than");
  });

  test("a layer that unpacks to far more than it is", async () => {
    const bomb = Buffer.concat([
      tarOf({ name: "zeros", size: 5 * 1024 ** 3 }).subarray(0, 512),
      Buffer.alloc(20 * 1024 * 1024),
    ]);
    const image = await registry.image("lie/bomb:1", [bomb]);
    expect(image.layers[0]?.size).toBeLessThan(200_000);
    proxy.misbehave(() => undefined);
    await refused(`${proxy.host}/lie/bomb:1`, "larger than the limit");
  });
});

describe.runIf(HAS_REGISTRY)("who may come in", () => {
  test.runIf(HAS_HTPASSWD)(
    "a password from ~/.docker/config.json, from a helper, or none at all",
    async () => {
      const line = spawnSync("htpasswd", ["-Bbn", "ann", "secret"], { encoding: "utf8" });
      const closed = await Registry.open({ users: line.stdout });
      try {
        expect(await failure(registries.pull(`${closed.host}/x:1`))).toMatchObject({
          code: "registry.denied",
          next: `gantry login ${closed.host}`,
        });
        const wrong = { username: "ann", password: "guess" };
        expect(await failure(registries.logIn(closed.host, wrong))).toMatchObject({
          code: "registry.denied",
        });
        await registries.logIn(closed.host, { username: "ann", password: "secret" });

        const image = await store.import(one(hello), `${closed.host}/team/closed:1`);
        const auth = Buffer.from("ann:secret").toString("base64");
        mkdirSync(join(root, ".docker"));
        writeFileSync(
          join(root, ".docker/config.json"),
          JSON.stringify({ auths: { [closed.host]: { auth } } }),
        );
        const { digest } = await registries.push(`${closed.host}/team/closed:1`);
        await store.remove(image.id, { force: true, usedBy: () => 0 });
        expect((await registries.pull(`${closed.host}/team/closed@${digest}`)).image.id).toBe(image.id);

        const helper = `#!/bin/sh\nread server\nprintf '{"ServerURL":"%s","Username":"ann","Secret":"secret"}' "$server"\n`;
        writeFileSync(join(root, "docker-credential-test"), helper, { mode: 0o755 });
        writeFileSync(
          join(root, ".docker/config.json"),
          JSON.stringify({ credHelpers: { [closed.host]: "test" } }),
        );
        const path = process.env["PATH"];
        process.env["PATH"] = `${root}:${path}`;
        try {
          expect((await registries.pull(`${closed.host}/team/closed:1`)).digest).toBe(digest);
        } finally {
          process.env["PATH"] = path;
        }
      } finally {
        await closed.close();
      }
    },
  );

  test("a certificate that nobody vouches for is refused, until it is in the registry's folder", async () => {
    const files = { certificate: join(root, "tls.crt"), key: join(root, "tls.key") };
    const request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost";
    const names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files.key, "-out", files.certificate];
    expect(spawnSync("openssl", [...request.split(" "), ...names]).status).toBe(0);
    const tls = await Registry.open({ tls: files });
    try {
      const error = await failure(registries.pull(`${tls.host}/x:1`));
      expect(error).toMatchObject({
        code: "registry.unreachable",
        next: `put its certificate authority into /etc/gantry/certs.d/${tls.host}/ca.crt`,
      });
      mkdirSync(join(root, "certs", tls.host), { recursive: true });
      writeFileSync(join(root, "certs", tls.host, "ca.crt"), readFileSync(files.certificate));
      await openAgain();
      expect(await failure(registries.pull(`${tls.host}/x:1`))).toMatchObject({ code: "image.not-found" });
    } finally {
      await tls.close();
    }
  });

  test("a mirror is asked first, and the registry where it does not help", async () => {
    const image = await registry.image("library/tool:1", [hello]);
    await openAgain({ mirrors: { "docker.io": [registry.host] } });
    expect((await registries.pull("tool:1")).image.id).toBe(image.id);
    expect((await store.resolve("tool:1"))?.references).toEqual(["tool:1"]);
    const origin = await registry.image("team/origin:1", [hello]);
    await openAgain({ mirrors: { [proxy.host]: [registry.host] } });
    await store.remove(image.id, { force: true, usedBy: () => 0 });
    proxy.misbehave(() => undefined);
    const events: TransferEvent[] = [];
    await openAgain({ mirrors: { [proxy.host]: ["127.0.0.1:1"] } });
    const pulled = await registries.pull(`${proxy.host}/team/origin:1`, {
      tell: (event) => events.push(event),
    });
    expect(pulled.image.id).toBe(origin.id);
    expect(events).toContainEqual({
      kind: "warning",
      message: expect.stringContaining("the mirror 127.0.0.1:1 did not help") as string,
    });
  });
});

describe.runIf(HAS_REGISTRY)("push", () => {
  test("what was pulled goes elsewhere under the same digest, and what is there is not sent again", async () => {
    const image = await registry.image("push/from:1", [hello, noise("a", 100_000)]);
    proxy.misbehave(() => undefined);
    await registries.pull(`${proxy.host}/push/from:1`);
    await store.tag(image.id, `${proxy.host}/push/to:2`);
    proxy.misbehave(() => undefined);
    const pushed = await registries.push(`${proxy.host}/push/to:2`);
    expect(pushed.digest).toBe(image.digest);
    expect(proxy.seen.filter(({ url }) => url.includes("mount=")).length).toBe(2);
    expect(proxy.seen.filter(({ method }) => method === "PUT")).toHaveLength(2); // configuration and manifest
    proxy.misbehave(() => undefined);
    await registries.push(`${proxy.host}/push/to:2`);
    expect(proxy.seen.filter(({ method }) => method === "POST")).toEqual([]);
    expect((await registry.manifest("push/to", "2")).layers).toEqual(image.layers);
  });

  test("a large blob goes in pieces, and an import is packed on the way", async () => {
    await store.import(one(noise("big", 70_000_000)), `${proxy.host}/push/big:1`);
    proxy.misbehave(() => undefined);
    await registries.push(`${proxy.host}/push/big:1`);
    expect(proxy.seen.filter(({ method }) => method === "PATCH")).toHaveLength(2);
    const [layer] = (await registry.manifest("push/big", "1")).layers;
    expect(layer?.mediaType).toBe(`${OCI_LAYER}+gzip`);
    expect(digestOf(await registry.blob(layer?.digest ?? ""))).toBe(layer?.digest);
  });

  test("what is not here, or has no name there, is refused", async () => {
    expect(await failure(registries.push(`${registry.host}/nothing:1`))).toMatchObject({
      code: "image.not-found",
    });
  });
});

async function* one(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
