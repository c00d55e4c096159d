import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
} from "node:fs";
import { readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GantryError } from "../../src/error.ts";
import type { Image } from "../../src/image/image.ts";
import { openImageStore } from "../../src/image/store.ts";
import type { ImageStore } from "../../src/image/store.ts";
import { tarEntry, tarOf } from "./tar-bytes.ts";

const APPLIER = process.env["GANTRY_TEST_APPLIER"] ?? resolve("native/build/gantry-applier");

let root: string;
/** A machine with nothing in it: what most tests are about does not need the real one's copy of /etc. */
let emptyHost: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "gantry-images-"));
  emptyHost = join(root, "empty-host");
  mkdirSync(join(emptyHost, "usr"), { recursive: true });
});

afterEach(() => {
  spawnSync("rm", ["-rf", root]);
});

async function open(): Promise<ImageStore> {
  return await openImageStore({ root, applier: APPLIER, hostRoot: emptyHost });
}

/** A program that opens the store as the daemon does and imports; it says so once the store is open. */
function importer(archive: string): string {
  const options = JSON.stringify({ root, applier: APPLIER, hostRoot: emptyHost });
  return `
    import { createReadStream } from "node:fs";
    import { openImageStore } from ${JSON.stringify(resolve("dist/image/store.js"))};
    const store = await openImageStore(${options});
    process.stdout.write("open\\n");
    await store.import(createReadStream(${JSON.stringify(archive)}), "web");
  `;
}

async function* bytes(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield hello.subarray(0, 700);
  throw new Error("the client went away");
}

/** A body that gives its first bytes and then waits, until `release` is called. */
function stalled(first: Uint8Array): {
  readonly body: AsyncIterable<Uint8Array>;
  readonly release: () => void;
} {
  const gate = new AbortController();
  async function* body(): AsyncGenerator<Uint8Array> {
    yield first;
    if (!gate.signal.aborted) await once(gate.signal, "abort");
  }
  return { body: body(), release: () => gate.abort() };
}

const hello = tarOf({ name: "etc", type: "5" }, { name: "etc/hello", data: "hello\n" });
const nobody = { force: false, usedBy: () => 0 };

/** Layers and blobs on the disk; a temporary folder would show here. */
function onDisk(): { readonly layers: readonly string[]; readonly blobs: readonly string[] } {
  return {
    layers: readdirSync(join(root, "layers")),
    blobs: readdirSync(join(root, "images", "blobs", "sha256")),
  };
}

async function failure(promise: Promise<unknown>): Promise<GantryError> {
  return await promise.then(
    () => expect.fail("it should have failed"),
    (error: unknown) => error as GantryError,
  );
}

/** The pids of this process's appliers that work below the store. */
function appliers(): readonly number[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const command = readFileSync(join("/proc", pid, "cmdline"), "utf8");
      return command.includes("gantry-applier") && command.includes(root) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}

async function until<T>(probe: () => T | undefined, what: string): Promise<T> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await delay(5)) {
    const found = probe();
    if (found !== undefined) return found;
  }
  return expect.fail(`waited 10 s for ${what}`);
}

describe("an imported image", () => {
  it("has its files, resolves by name, id and prefix, and is still there after a restart", async () => {
    const image = await (await open()).import(bytes(hello), "docker.io/library/tools");
    expect(image).toMatchObject({ references: ["tools:latest"], sizeBytes: 6, hostMounts: [] });
    expect(readFileSync(join(image.layers[0] ?? "", "etc/hello"), "utf8")).toBe("hello\n");
    const store = await open();
    for (const reference of ["tools", "tools:latest", "library/tools", image.id, image.id.slice(7, 19)]) {
      expect(await store.resolve(reference)).toEqual(image);
    }
    expect(await store.get(image.id)).toEqual(image);
    expect((await store.list()).map(({ id }) => id)).toEqual([image.id, "host"]);
    for (const unknown of ["tools:2", "other", "", "Not A Name", "sha256:", image.id.slice(7, 11)]) {
      expect(await store.resolve(unknown)).toBeUndefined();
    }
  });

  it("is the same whether it came plain or with gzip, in one piece or byte by byte", async () => {
    const store = await open();
    const plain = await store.import(bytes(hello), "a");
    const packed = await store.import(bytes(gzipSync(hello)), "b");
    const slow = await store.import(bytes(...[...gzipSync(hello)].map((byte) => Uint8Array.of(byte))), "c");
    expect([packed.id, slow.id]).toEqual([plain.id, plain.id]);
    expect(slow.references).toEqual(["a:latest", "b:latest", "c:latest"]);
    expect(onDisk()).toMatchObject({
      layers: [expect.any(String)],
      blobs: [expect.any(String), expect.any(String), expect.any(String)],
    });
  });

  it("takes the name from an older one, which stays as a dangling image", async () => {
    const store = await open();
    const old = await store.import(bytes(hello), "web:1");
    const next = await store.import(bytes(tarOf({ name: "new", data: "x" })), "web:1");
    expect((await store.resolve("web:1"))?.id).toBe(next.id);
    expect(await store.get(old.id)).toEqual({ ...old, references: [] });
    expect(await (await open()).get(old.id)).toEqual({ ...old, references: [] });
  });

  it("says what it was told about running it", async () => {
    const config = {
      cmd: ["/bin/app"],
      entrypoint: ["/init"],
      user: "1000:1000",
      workingDir: "/srv",
      labels: { a: "b" },
    };
    const image = await (await open()).import(bytes(hello), "app", { config });
    expect((await (await open()).get(image.id))?.config).toEqual(image.config);
    expect(image.config).toMatchObject(config);
  });

  it("is stored under digests that are true, in a layout that says it is OCI's", async () => {
    const image = await (await open()).import(bytes(hello), "tools");
    for (const blob of onDisk().blobs) {
      const sum = spawnSync("sha256sum", [join(root, "images/blobs/sha256", blob)], { encoding: "utf8" });
      expect(sum.stdout.slice(0, 64)).toBe(blob);
    }
    const sum = spawnSync("sha256sum", { input: hello, encoding: "utf8" }).stdout.slice(0, 64);
    expect(image.layers).toEqual([join(root, "layers", sum, "root")]);
    expect(JSON.parse(readFileSync(join(root, "images/oci-layout"), "utf8"))).toEqual({
      imageLayoutVersion: "1.0.0",
    });
  });
});

describe("an image of several layers", () => {
  const base = tarOf({ name: "etc", type: "5" }, { name: "etc/base", data: "base\n" }, { name: "gone" });
  const change = tarOf(
    { name: "etc/top", data: "top\n" },
    { name: ".wh.gone" },
    { name: "etc/.wh..wh..opq" },
  );

  function configurationOf(...diffIds: readonly string[]): string {
    return JSON.stringify(
      {
        // spaces and an unknown member: what is kept must be kept to the byte
        architecture: "amd64",
        os: "linux",
        "x.unknown": [1, 2],
        config: { Cmd: ["/bin/app"], Volumes: { "/data": {} } },
        rootfs: { type: "layers", diff_ids: diffIds },
        history: [{ created_by: "one" }, { created_by: "ENV", empty_layer: true }, { created_by: "two" }],
      },
      undefined,
      1,
    );
  }

  async function twoLayers(
    store: ImageStore,
  ): Promise<{ readonly image: Image; readonly diffIds: readonly string[] }> {
    const layers = [await store.stageLayer(bytes(gzipSync(base))), await store.stageLayer(bytes(change))];
    expect(await store.list()).toHaveLength(1);
    const diffIds = layers.map(({ diffId }) => diffId);
    const configuration = configurationOf(...diffIds);
    return { image: await store.addImage({ configuration, layers, references: ["app:1"] }), diffIds };
  }

  it("has the topmost first, whiteouts in overlay's form, and its configuration to the byte", async () => {
    const { image, diffIds } = await twoLayers(await open());
    const store = await open();
    expect(store.problems).toEqual([]);
    expect(await store.resolve("app:1")).toEqual(image);
    const [top = "", bottom = ""] = image.layers;
    expect(readFileSync(join(top, "etc/top"), "utf8")).toBe("top\n");
    expect(lstatSync(join(top, "gone"))).toMatchObject({ rdev: 0 });
    expect(lstatSync(join(top, "gone")).isCharacterDevice()).toBe(true);
    expect(readFileSync(join(bottom, "etc/base"), "utf8")).toBe("base\n");
    const configuration = configurationOf(...diffIds);
    expect(await store.configuration(image.id)).toBe(configuration);
    expect(image.id).toBe(`sha256:${createHash("sha256").update(configuration).digest("hex")}`);
    expect(image.config).toMatchObject({ cmd: ["/bin/app"], volumes: ["/data"] });
    expect((await store.history(image.id)).map(({ createdBy, diffId }) => [createdBy, diffId])).toEqual([
      ["one", diffIds[0]],
      ["ENV", undefined],
      ["two", diffIds[1]],
    ]);
  });

  it("keeps the archives of its layers as they came, and a manifest that names them", async () => {
    const store = await open();
    const { image } = await twoLayers(store);
    const manifest = JSON.parse(await store.manifest(image.id)) as {
      readonly layers: readonly { readonly mediaType: string; readonly digest: string }[];
    };
    expect(manifest.layers.map(({ mediaType }) => mediaType.slice(-8))).toEqual(["tar+gzip", "r.v1.tar"]);
    const archives = manifest.layers.map(({ digest }) =>
      readFileSync(join(root, "images/blobs/sha256", digest.slice(7))),
    );
    expect(archives).toEqual([gzipSync(base), change]);
  });

  it("shares layers with others, and takes only its own along when it goes", async () => {
    const store = await open();
    const { image, diffIds } = await twoLayers(store);
    const [first = ""] = diffIds;
    const configuration = configurationOf(first);
    const other = await store.addImage({ configuration, layers: [first], references: ["other"] });
    expect(other.layers).toEqual([image.layers[1]]);
    await store.remove("app:1", nobody);
    expect(onDisk().layers).toEqual([first.slice(7)]);
    expect((await open()).problems).toEqual([]);
    await store.remove("other", nobody);
    expect(onDisk()).toEqual({ layers: [], blobs: [] });
  });

  it("is refused when its configuration names other layers, or a layer is not there", async () => {
    const store = await open();
    const layer = await store.stageLayer(bytes(base));
    const other = `sha256:${"e".repeat(64)}`;
    const wrong = store.addImage({
      configuration: configurationOf(other),
      layers: [layer],
      references: ["a"],
    });
    expect(await failure(wrong)).toMatchObject({ code: "image.invalid" });
    const missing = store.addImage({
      configuration: configurationOf(other),
      layers: [other],
      references: ["a"],
    });
    expect(await failure(missing)).toMatchObject({ code: "conflict" });
    await store.discardLayer(layer);
    expect(onDisk()).toEqual({ layers: [], blobs: [] });
  });

  it("gets a further name, and loses it", async () => {
    const store = await open();
    const { image } = await twoLayers(store);
    await store.tag("app:1", "registry.example.org:5000/app:2");
    expect((await store.resolve("registry.example.org:5000/app:2"))?.id).toBe(image.id);
    expect(await store.remove("app:1", nobody)).toEqual([{ untagged: "app:1" }]);
    expect((await (await open()).get(image.id))?.references).toEqual(["registry.example.org:5000/app:2"]);
    expect(await failure(store.tag("nothing", "a"))).toMatchObject({ code: "image.not-found" });
    expect(await failure(store.tag(image.id, "host"))).toMatchObject({ code: "request.invalid" });
  });
});

describe("an import that fails leaves nothing behind", () => {
  const bad: readonly (readonly [string, Uint8Array, string])[] = [
    [
      "a hostile archive",
      tarOf({ name: "ok" }, { name: "../evil", data: "x" }),
      'entry "../evil": its name contains ".."',
    ],
    ["a truncated archive", hello.subarray(0, 1100), "truncated"],
    ["an empty file", new Uint8Array(), "truncated"],
    ["garbage", Buffer.from("not an archive at all".repeat(100)), "not a tar archive"],
    ["truncated gzip", gzipSync(Buffer.concat([hello, Buffer.alloc(100_000, "x")])).subarray(0, 100), "gzip"],
    ["damaged gzip", Buffer.concat([gzipSync(hello).subarray(0, 20), Buffer.alloc(200, 7)]), "gzip"],
    ["gzip of garbage", gzipSync(Buffer.from("garbage".repeat(1000))), "not a tar archive"],
    ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0]), "packed with xz"],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]), "packed with zstd"],
  ];
  it.each(bad)("%s", async (_what, archive, words) => {
    const store = await open();
    const error = await failure(store.import(bytes(archive), "evil"));
    expect(error).toMatchObject({ code: "image.invalid", message: expect.stringContaining(words) as string });
    expect(await store.resolve("evil")).toBeUndefined();
    expect(onDisk()).toEqual({ layers: [], blobs: [] });
    expect(appliers()).toEqual([]);
  });

  it("an archive larger than what is free on the disk is refused before it is written", async () => {
    const huge = tarEntry({ name: "huge", size: 2 ** 50 });
    expect((await failure((await open()).import(bytes(huge), "huge"))).message).toContain(
      "larger than the limit",
    );
    expect(onDisk().layers).toEqual([]);
  });

  it("a body that breaks in the middle", async () => {
    expect((await failure((await open()).import(broken(), "a"))).message).toBe("the client went away");
    expect(onDisk().layers).toEqual([]);
    expect(appliers()).toEqual([]);
  });

  it("an import that is aborted while it waits for its body", async () => {
    const store = await open();
    const abort = new AbortController();
    const { body, release } = stalled(hello.subarray(0, 1100));
    const importing = failure(store.import(body, "a", { signal: abort.signal }));
    await until(() => appliers()[0], "the applier");
    abort.abort(new Error("enough"));
    expect((await importing).message).toBe("enough");
    release();
    expect(onDisk().layers).toEqual([]);
    expect(appliers()).toEqual([]);
  });

  it("an applier that is killed in the middle", async () => {
    const store = await open();
    const { body, release } = stalled(hello.subarray(0, 1100));
    const importing = failure(store.import(body, "a"));
    process.kill(await until(() => appliers()[0], "the applier"), "SIGKILL");
    release();
    expect(await importing).toMatchObject({
      code: "kernel",
      message: expect.stringContaining("SIGKILL") as string,
    });
    expect(onDisk()).toEqual({ layers: [], blobs: [] });
  });

  it("an applier that is not there", async () => {
    const store = await openImageStore({ root, applier: join(root, "no-applier") });
    const error = await failure(store.import(bytes(hello), "a"));
    expect(error).toMatchObject({
      code: "internal",
      next: expect.stringContaining("npm run build") as string,
    });
    expect(onDisk().layers).toEqual([]);
  });

  it.each(["", "UPPER", "a b", "../x", "a:b:c", "host", "docker.io/library/host:1", "x@sha256:12", "-a"])(
    "the reference %j",
    async (reference) => {
      const error = await failure((await open()).import(bytes(hello), reference));
      expect(error.code).toBe("request.invalid");
      expect(onDisk().layers).toEqual([]);
    },
  );
});

it("ten imports of one archive at once make one image with ten names", async () => {
  const store = await open();
  const names = Array.from({ length: 10 }, (_, i) => `same:${i}`);
  const images = await Promise.all(names.map((name) => store.import(bytes(hello), name)));
  expect(new Set(images.map(({ id }) => id)).size).toBe(1);
  expect((await store.list())[0]?.references).toEqual(names);
  expect(onDisk().layers).toHaveLength(1);
});

describe("after a crash", () => {
  it("the next start removes what no image owns, also names that are not UTF-8, and keeps the rest", async () => {
    const image = await (await open()).import(bytes(hello), "kept");
    const half = join(root, "layers", ".tmp-0123456789abcdef");
    mkdirSync(join(half, "root", "d"), { recursive: true });
    writeFileSync(Buffer.concat([Buffer.from(join(half, "root", "d/")), Buffer.from([0xff, 0xfe])]), "x");
    mkdirSync(join(root, "layers", "e".repeat(64), "root"), { recursive: true });
    writeFileSync(join(root, "images/blobs/sha256", "f".repeat(64)), "orphan");
    writeFileSync(join(root, "images/records", `${"f".repeat(64)}.json.1.1.tmp`), "{");
    mkdirSync(join(root, "host-image", ".tmp-1"));
    const store = await open();
    expect(store.problems).toEqual([]);
    expect(await store.resolve("kept")).toEqual(image);
    expect(onDisk().layers).toHaveLength(1);
    expect(onDisk().blobs).toHaveLength(3);
    expect(readdirSync(join(root, "images/records"))).toHaveLength(1);
    expect(readdirSync(join(root, "host-image"))).toHaveLength(1);
  });

  it("a process killed at any moment of an import leaves the old image or the new one, never half of one", async () => {
    const old = await (await open()).import(bytes(hello), "web");
    const archive = join(root, "next.tar");
    const data = Buffer.alloc(3_000_000, "n");
    const files = Array.from({ length: 50 }, (_, i) => ({ name: `next/${i}`, data: i === 49 ? data : "n" }));
    writeFileSync(archive, tarOf(...files));
    const seen = new Set<string>();
    for (const wait of [0, 5, 10, 20, 40, 80, 160]) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", importer(archive)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const closed = once(child, "close");
      const opened = await Promise.race([once(child.stdout, "data"), closed.then(() => undefined)]);
      expect(opened, "the importing process ended early (npm run build makes dist/)").toBeDefined();
      await delay(wait);
      child.kill("SIGKILL");
      await closed;
      await until(() => (appliers().length === 0 ? true : undefined), "the orphaned applier to end");
      const store = await open();
      const image = await store.resolve("web");
      expect(store.problems).toEqual([]);
      const layer = image?.layers[0] ?? "";
      if (image?.id === old.id) expect(readFileSync(join(layer, "etc/hello"), "utf8")).toBe("hello\n");
      else {
        expect(readdirSync(join(layer, "next"))).toHaveLength(50);
        expect(readFileSync(join(layer, "next/49")).equals(data)).toBe(true);
      }
      seen.add(image?.id ?? "none");
      expect(onDisk().layers.filter((name) => name.startsWith("."))).toEqual([]);
    }
    expect(seen.has(old.id)).toBe(true);
  });

  it("a damaged image is named, and does not take the others with it", async () => {
    const first = await open();
    const damaged = await first.import(bytes(hello), "damaged");
    const fine = await first.import(bytes(tarOf({ name: "x" })), "fine");
    writeFileSync(join(root, "images/blobs/sha256", damaged.id.slice(7)), "{}");
    const store = await open();
    expect(store.problems.join("\n")).toContain("is damaged");
    expect(await store.resolve("damaged")).toBeUndefined();
    expect(await store.resolve("fine")).toEqual(fine);
    expect(onDisk().layers).toHaveLength(2);
  });
});

describe("removing", () => {
  it("the last name takes the image, its blobs and its layer", async () => {
    const store = await open();
    const image = await store.import(bytes(hello), "a");
    await store.import(bytes(hello), "b");
    expect(await store.remove("a", nobody)).toEqual([{ untagged: "a:latest" }]);
    expect(await store.remove("b", nobody)).toEqual([{ untagged: "b:latest" }, { deleted: image.id }]);
    expect(onDisk()).toEqual({ layers: [], blobs: [] });
    expect(await (await open()).list()).toHaveLength(1);
  });

  it("a layer that another image has too stays", async () => {
    const store = await open();
    await store.import(bytes(hello), "a");
    const other = await store.import(bytes(hello), "b", { config: { cmd: ["/bin/other"] } });
    await store.remove("a", nobody);
    expect(readFileSync(join(other.layers[0] ?? "", "etc/hello"), "utf8")).toBe("hello\n");
  });

  it("an image in use is refused; with force only its name goes", async () => {
    const store = await open();
    const image = await store.import(bytes(hello), "a");
    expect(await failure(store.remove("a", { force: false, usedBy: () => 2 }))).toMatchObject({
      code: "image.in-use",
    });
    expect(await store.remove("a", { force: true, usedBy: () => 2 })).toEqual([{ untagged: "a:latest" }]);
    expect((await store.get(image.id))?.references).toEqual([]);
    expect(existsSync(image.layers[0] ?? "")).toBe(true);
    expect(await store.remove(image.id, nobody)).toEqual([{ deleted: image.id }]);
  });

  it("what is not there, and the host image, are clear errors", async () => {
    const store = await open();
    expect(await failure(store.remove("nothing", nobody))).toMatchObject({ code: "image.not-found" });
    expect(await failure(store.remove("host", { ...nobody, force: true }))).toMatchObject({
      code: "request.invalid",
    });
  });
});

describe("the host image", () => {
  it("is there from the start, shows /usr, and runs a program of the machine in it", async () => {
    const store = await openImageStore({ root, applier: APPLIER });
    const image = await store.resolve("host");
    expect(image).toMatchObject({ id: "host", references: ["host:latest"], config: { cmd: ["/bin/sh"] } });
    expect(image?.hostMounts[0]).toEqual({ source: "/usr", target: "/usr" });
    const layer = image?.layers[0] ?? "";
    const mounts = (image?.hostMounts ?? []).map(
      ({ source, target }) => `mount --bind ${source} ${layer}${target}`,
    );
    const script = [
      ...mounts,
      `exec chroot ${layer} /bin/sh -c 'ls -d /usr/bin; cat /etc/passwd | head -1'`,
    ].join(" && ");
    const run = spawnSync("unshare", ["--mount", "--propagation", "private", "/bin/sh", "-c", script], {
      encoding: "utf8",
    });
    expect(run).toMatchObject({ status: 0, stdout: "/usr/bin\nroot:x:0:0:root:/root:/bin/sh\n" });
  });

  it("holds no secret: no shadow, no keys, no file that only some may read, nobody's name or home", async () => {
    const host = join(root, "machine");
    for (const folder of ["usr", "bin", "etc/ssl/certs", "etc/ssl/private", "home/alice", "var/log"]) {
      mkdirSync(join(host, folder), { recursive: true });
    }
    symlinkSync("usr/lib", join(host, "lib"));
    writeFileSync(join(host, "etc/passwd"), "alice:x:1000:1000:Alice:/home/alice:/bin/sh\n");
    writeFileSync(join(host, "etc/shadow"), "root:secret");
    writeFileSync(join(host, "etc/services"), "http 80/tcp\n");
    writeFileSync(join(host, "etc/ssl/private/key.pem"), "secret");
    writeFileSync(join(host, "etc/ssl/certs/public.pem"), "public");
    writeFileSync(join(host, "etc/ssl/certs/private.pem"), "secret", { mode: 0o600 });
    writeFileSync(join(host, "home/alice/.netrc"), "secret");
    const store = await openImageStore({ root, applier: APPLIER, hostRoot: host });
    const image = await store.resolve("host:latest");
    const layer = image?.layers[0] ?? "";
    expect(spawnSync("grep", ["-rEl", "secret|alice", layer], { encoding: "utf8" }).stdout).toBe("");
    expect(readdirSync(join(layer, "etc/ssl/certs"))).toEqual(["public.pem"]);
    expect(readFileSync(join(layer, "etc/services"), "utf8")).toBe("http 80/tcp\n");
    expect(readlinkSync(join(layer, "lib"))).toBe("usr/lib");
    expect(image?.hostMounts.map(({ target }) => target)).toEqual(["/usr", "/bin"]);
    expect(lstatSync(join(layer, "tmp")).mode & 0o7777).toBe(0o1777);
    expect(statSync(join(layer, "root")).mode & 0o7777).toBe(0o700);
  });

  it("is made once, and again when the host's files change; the old one stays for those who run on it", async () => {
    const host = join(root, "machine");
    mkdirSync(join(host, "etc"), { recursive: true });
    mkdirSync(join(host, "usr"));
    const layerOf = async (): Promise<string> => {
      const store = await openImageStore({ root, applier: APPLIER, hostRoot: host });
      return (await store.resolve("host"))?.layers[0] ?? "";
    };
    const first = await layerOf();
    const inode = statSync(first).ino;
    expect(await layerOf()).toBe(first);
    expect(statSync(first).ino).toBe(inode);
    writeFileSync(join(host, "etc/services"), "new\n");
    const second = await layerOf();
    expect(second).not.toBe(first);
    expect(existsSync(first)).toBe(true);
    mkdirSync(join(root, "host-image", "00000000-of-an-earlier-boot"));
    await layerOf();
    expect(readdirSync(join(root, "host-image"))).toHaveLength(2);
  });
});

/** Everything about every entry but a folder's size. */
function listing(folder: string): string {
  const format = "%p|%y|%m|%U:%G|%T@|%l|%n|";
  const script = `find . -mindepth 1 -type d -printf '${format}\\n' -o -printf '${format}%s\\n' | LC_ALL=C sort`;
  return spawnSync("sh", ["-c", script], { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 }).stdout;
}

describe("against GNU tar", () => {
  it("a big ordinary tree comes out the same, entry by entry", async () => {
    const theirs = join(root, "theirs");
    mkdirSync(theirs);
    const archive = join(root, "big.tar");
    const sources = ["doc", "perl", "zoneinfo", "terminfo", "man", "info"].filter((name) =>
      existsSync(join("/usr/share", name)),
    );
    const made = spawnSync("tar", ["-cf", archive, "--format=pax", "-C", "/usr/share", ...sources]);
    expect(made.status).toBe(0);
    expect(spawnSync("tar", ["-xpf", archive, "--numeric-owner", "-C", theirs]).status).toBe(0);
    const image = await (await open()).import(createReadStream(archive), "big");
    const ours = image.layers[0] ?? "";
    const expected = listing(theirs);
    expect(expected.split("\n").length).toBeGreaterThan(1000);
    expect(listing(ours) === expected).toBe(true);
    expect(
      spawnSync("diff", ["-r", "--no-dereference", "-q", theirs, ours], { encoding: "utf8" }).stdout,
    ).toBe("");
  });

  it.each(["gnu", "oldgnu", "pax", "ustar", "v7"])(
    "its %s format is read, with links and holes",
    async (format) => {
      const source = join(root, "source");
      const theirs = join(root, "theirs");
      mkdirSync(join(source, "d/e"), { recursive: true });
      mkdirSync(theirs);
      writeFileSync(join(source, "d/f"), "content");
      symlinkSync("../d/f", join(source, "d/e/link"));
      spawnSync("ln", [join(source, "d/f"), join(source, "d/hard")]);
      spawnSync("sh", [
        "-c",
        `truncate -s 5M ${source}/holes; printf middle | dd of=${source}/holes bs=1 seek=3000000 conv=notrunc`,
      ]);
      spawnSync("sh", ["-c", `printf end >> ${source}/holes`]);
      const long = ["gnu", "oldgnu", "pax"].includes(format);
      if (long) writeFileSync(join(source, "n".repeat(150)), "long name");
      const archive = join(root, "a.tar");
      const sparse = long ? ["--sparse"] : [];
      expect(
        spawnSync("tar", ["-cf", archive, `--format=${format}`, ...sparse, "-C", source, "."]).status,
      ).toBe(0);
      expect(spawnSync("tar", ["-xpf", archive, "--numeric-owner", "-C", theirs]).status).toBe(0);
      const image = await (await open()).import(createReadStream(archive), "a");
      const ours = image.layers[0] ?? "";
      expect(listing(ours)).toBe(listing(theirs));
      expect(listing(ours)).toContain("./d/e/link|l|777|");
      expect(spawnSync("diff", ["-r", "--no-dereference", theirs, ours], { encoding: "utf8" }).stdout).toBe(
        "",
      );
      if (long) expect(statSync(join(ours, "holes")).blocks * 512).toBeLessThan(1_000_000);
    },
  );

  it.each(["0.0", "0.1", "1.0"])("its sparse format %s is read", async (version) => {
    const source = join(root, "source");
    mkdirSync(source);
    spawnSync("sh", [
      "-c",
      `truncate -s 3M ${source}/holes; printf x >> ${source}/holes; truncate -s 6M ${source}/holes`,
    ]);
    const archive = join(root, "a.tar");
    const options = ["--format=pax", "--sparse", `--sparse-version=${version}`];
    expect(spawnSync("tar", ["-cf", archive, ...options, "-C", source, "."]).status).toBe(0);
    const image = await (await open()).import(createReadStream(archive), "a");
    expect(spawnSync("cmp", [join(source, "holes"), join(image.layers[0] ?? "", "holes")]).status).toBe(0);
  });
});
