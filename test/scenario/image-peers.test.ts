import { execFile, spawnSync } from "node:child_process";
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { GantryError } from "../../src/error.ts";
import type { Image } from "../../src/image/image.ts";
import { type ImageStore, openImageStore } from "../../src/image/store.ts";
import { Registries } from "../../src/registry/registries.ts";
import { DEFAULT_SETTINGS } from "../../src/registry/settings.ts";
import { digestOf, HAS_REGISTRY, HAS_SKOPEO, HAS_UMOCI, Registry } from "./registry.fixture.ts";
import { paxHeader, tarEntry, tarOf } from "./tar-bytes.ts";

const APPLIER = process.env["GANTRY_TEST_APPLIER"] ?? resolve("native/build/gantry-applier");
const run = promisify(execFile);

let root: string;
let store: ImageStore;
let registries: Registries;
let registry: Registry;

beforeAll(async () => {
  if (HAS_REGISTRY) registry = await Registry.open();
});
afterAll(async () => {
  await registry?.close();
});
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "gantry-peers-"));
  mkdirSync(join(root, "host/usr"), { recursive: true });
  store = await openImageStore({ root, applier: APPLIER, hostRoot: join(root, "host") });
  registries = new Registries(store, DEFAULT_SETTINGS, { HOME: root });
});
afterEach(async () => {
  await registries.close();
  await rm(root, { recursive: true, force: true });
});

/** Everything that an archive can say about an entry. */
const BASE = tarOf(
  { name: "etc", type: "5", mode: 0o751, uid: 7, gid: 8 },
  { name: "etc/hello", data: "hello\n", mode: 0o4755, uid: 1000, gid: 100, mtime: 1_600_000_000 },
  { name: "etc/hard", type: "1", link: "etc/hello" },
  { name: "etc/link", type: "2", link: "../etc/hello" },
  { name: "gone", data: "x" },
  { name: "opaque", type: "5" },
  { name: "opaque/below", data: "x" },
  { name: "null", type: "3", major: 1, minor: 3 },
  paxHeader([["SCHILY.xattr.user.note", "said"]]),
  { name: "noted", data: "x" },
);
const CHANGE = tarOf(
  { name: "etc", type: "5", mode: 0o751, uid: 7, gid: 8 },
  { name: ".wh.gone" },
  { name: "opaque", type: "5", mode: 0o700 },
  { name: "opaque/.wh..wh..opq" },
  { name: "opaque/above", data: "y" },
  { name: "etc/new", data: "z", mtime: 1_650_000_000 },
);

async function* bytes(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function twoLayers(reference: string): Promise<Image> {
  const layers = [
    await store.stageLayer(bytes(gzipSync(BASE))),
    await store.stageLayer(bytes(gzipSync(CHANGE))),
  ];
  const configuration = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    created: "2024-01-01T00:00:00Z",
    config: { Cmd: ["/etc/hello"], Env: ["A=b"] },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: [{ created_by: "base" }, { created_by: "change" }],
  });
  return await store.addImage({ configuration, layers, references: [reference] });
}

async function saved(reference: string): Promise<string> {
  const file = join(root, "saved.tar");
  await pipeline(await store.save([reference]), createWriteStream(file));
  return file;
}

async function loaded(file: string): Promise<Image | undefined> {
  const [first] = await store.load(createReadStream(file));
  return first?.image;
}

const nobody = { force: true, usedBy: () => 0 };

const FORMAT = "%p|%y|%m|%U:%G|%T@|%l";
/** Type, mode, owner, time and link of every entry, links and size of all but folders (overlayfs has its own), attributes. */
const LIST = `find . -mindepth 1 -type d -printf '${FORMAT}\\n' -o -printf '${FORMAT}|%n|%s\\n' | LC_ALL=C sort; getfattr -R -d -m '^user' . 2>/dev/null | sort`;

function listing(folder: string): string {
  return spawnSync("sh", ["-c", LIST], { cwd: folder, encoding: "utf8" }).stdout;
}

/** The image as a container sees it: its layers one over the other. */
function merged(image: Image): string {
  const target = join(root, `merged-${image.id.slice(7, 15)}`);
  for (const folder of [target, `${target}-up`, `${target}-work`]) mkdirSync(folder);
  const script = `mount -t overlay overlay -o lowerdir=${image.layers.join(":")},upperdir=${target}-up,workdir=${target}-work ${target} && cd ${target} && exec sh -c "$0"`;
  return spawnSync("unshare", ["--mount", "--propagation", "private", "sh", "-c", script, LIST], {
    encoding: "utf8",
  }).stdout;
}

describe("save and load", () => {
  test("an image comes back the same, from a plain archive and a packed one, also with an index alone", async () => {
    const image = await twoLayers("app:1");
    const file = await saved("app:1");
    await store.remove("app:1", nobody);
    expect(await store.list()).toHaveLength(1);
    expect(await loaded(file)).toEqual(image);
    await store.remove("app:1", nobody);
    await run("gzip", ["-1", file]);
    expect((await loaded(`${file}.gz`))?.id).toBe(image.id);
    await store.remove("app:1", nobody);
    await run("gzip", ["-d", `${file}.gz`]);
    await run("tar", ["--delete", "-f", file, "manifest.json"]);
    expect(await loaded(file)).toEqual(image);
  });

  test("the same images give the same bytes", async () => {
    await twoLayers("app:1");
    const sum = async (): Promise<string> =>
      (await run("sha256sum", [await saved("app:1")])).stdout.slice(0, 64);
    expect(await sum()).toBe(await sum());
  });

  test("docker's older archives, with a layer that is a link to another's", async () => {
    const config = {
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [digestOf(BASE), digestOf(BASE)] },
    };
    const manifest = [{ Config: "c.json", RepoTags: ["old:1"], Layers: ["a/layer.tar", "b/layer.tar"] }];
    const archive = Buffer.concat([
      tarEntry({ name: "a/layer.tar", data: BASE }),
      tarEntry({ name: "a/VERSION", data: "1.0" }),
      tarEntry({ name: "b/layer.tar", type: "2", link: "../a/layer.tar" }),
      tarOf(
        { name: "c.json", data: JSON.stringify(config) },
        { name: "manifest.json", data: JSON.stringify(manifest) },
      ),
    ]);
    const [image] = await store.load(bytes(archive));
    expect(image?.names).toEqual(["old:1"]);
    expect(image?.image.layers).toHaveLength(2);
  });

  test.each([
    ["nothing", tarOf({ name: "x", data: "x" }), "holds no image"],
    ["no archive", Buffer.from("nonsense".repeat(200)), /no tar archive|holds no image/],
    [
      "a layer that is missing",
      tarOf({ name: "c", data: "{}" }, { name: "manifest.json", data: '[{"Config":"c","Layers":["l"]}]' }),
      "which is not in it",
    ],
    [
      "names that are paths",
      tarOf({ name: "manifest.json", data: '[{"Config":"../../etc/passwd","Layers":[]}]' }),
      "which is not in it",
    ],
    ["a manifest that is no list", tarOf({ name: "manifest.json", data: "{}" }), "is not a list"],
    [
      "links in circles",
      tarOf(
        { name: "a", type: "2", link: "b" },
        { name: "b", type: "2", link: "a" },
        { name: "manifest.json", data: '[{"Config":"a","Layers":[]}]' },
      ),
      "in circles",
    ],
    [
      "an index of nothing",
      tarOf({
        name: "index.json",
        data: `{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"sha256:${"0".repeat(64)}","size":1}]}`,
      }),
      "which is not in it",
    ],
  ])("an archive with %s is refused and leaves nothing", async (_what, archive, words) => {
    const error = await store.load(bytes(archive)).then(
      () => expect.fail("it should have failed"),
      (thrown: unknown) => thrown as GantryError,
    );
    expect(error.message).toMatch(words);
    expect(error.code).toBe("image.invalid");
    expect(readdirSync(join(root, "layers"))).toEqual([]);
    expect(readdirSync(join(root, "images/blobs/sha256"))).toEqual([]);
  });
});

describe.runIf(HAS_SKOPEO)("skopeo", () => {
  const copy = async (from: string, to: string, ...flags: readonly string[]): Promise<void> => {
    await run("skopeo", [
      "copy",
      "--insecure-policy",
      "--src-tls-verify=false",
      "--dest-tls-verify=false",
      "-q",
      ...flags,
      from,
      to,
    ]);
  };

  test.each(["docker-archive", "oci-archive"])("takes our archive as %s, and we take its", async (kind) => {
    const image = await twoLayers("app:1");
    const file = await saved("app:1");
    const theirs = join(root, "theirs.tar");
    const from = kind === "oci-archive" ? `oci-archive:${file}:1` : `docker-archive:${file}`;
    await copy(from, `${kind}:${theirs}:docker.io/library/back:1`);
    await store.remove("app:1", nobody);
    const back = await loaded(theirs);
    expect(back?.layers).toEqual(image.layers);
    expect(back?.references).toEqual(["back:1"]);
  });

  test.runIf(HAS_REGISTRY)("copies what we pushed, and we pull what it copied", async () => {
    const image = await twoLayers(`${registry.host}/peers/ours:1`);
    await registries.push(`${registry.host}/peers/ours:1`);
    await copy(`docker://${registry.host}/peers/ours:1`, `docker://${registry.host}/peers/theirs:1`);
    await copy(
      `docker://${registry.host}/peers/ours:1`,
      `docker://${registry.host}/peers/schema2:1`,
      "--format=v2s2",
    );
    await store.remove(image.id, nobody);
    const pulled = await registries.pull(`${registry.host}/peers/theirs:1`);
    expect(pulled.image.id).toBe(image.id);
    const schema2 = await registries.pull(`${registry.host}/peers/schema2:1`);
    expect(schema2.image.layers).toEqual(image.layers);
  });

  test.runIf(HAS_UMOCI)(
    "and umoci unpack ours to the tree that our containers see, entry by entry",
    async () => {
      const image = await twoLayers("app:1");
      const layout = join(root, "oci");
      await copy(`oci-archive:${await saved("app:1")}:1`, `oci:${layout}:1`);
      await run("umoci", ["unpack", "--image", `${layout}:1`, join(root, "bundle")]);
      const theirs = listing(join(root, "bundle/rootfs"));
      const ours = merged(image);
      expect(theirs.split("\n").length).toBeGreaterThan(9);
      expect(ours).toBe(theirs);
    },
  );
});
