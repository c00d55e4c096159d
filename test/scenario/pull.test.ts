import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { HAS_REGISTRY, OCI_INDEX, OCI_MANIFEST, Registry } from "./registry.fixture.ts";
import { HAS_BUSYBOX, rootfs } from "./rootfs.fixture.ts";
import { tarOf } from "./tar-bytes.ts";

const instance = instanceForEach();
let registry: Registry;

beforeAll(async () => {
  if (HAS_REGISTRY) registry = await Registry.open();
});
afterAll(async () => {
  if (HAS_REGISTRY) await registry.close();
});

/** What the instance keeps on the disk. */
function onDisk(): { readonly layers: number; readonly blobs: number } {
  const root = instance().env["GANTRY_ROOT"] ?? "";
  return {
    layers: readdirSync(join(root, "layers")).length,
    blobs: readdirSync(join(root, "images/blobs/sha256")).length,
  };
}

const change = tarOf({ name: "greeting", data: "from the second layer\n" });

describe.runIf(HAS_REGISTRY && HAS_BUSYBOX)("pull", () => {
  test("an image of two layers comes whole, is listed, and runs", async () => {
    const { reference, id, digest } = await registry.image("team/web:1", [rootfs(), change]);
    const output = await instance().ok(["pull", reference]);
    expect(output).toContain(`Digest: ${digest}`);
    expect(output).toContain(`Status: Downloaded newer image for ${reference}`);
    expect(output.match(/: +Pull complete/g)).toHaveLength(2);
    expect(await instance().ok(["images", "-q"])).toContain(id.slice(7, 19));
    await instance().apply(`name: shop
services:
  web: { image: "${reference}", command: [sleep, "1000000"], stop_signal: SIGKILL }
`);
    expect(await instance().ok(["exec", "shop-web-1", "cat", "/greeting"])).toBe("from the second layer\n");
    expect(await instance().ok(["pull", reference])).toContain(
      `Status: Image is up to date for ${reference}`,
    );
    const byDigest = `${registry.host}/team/web@${digest}`;
    expect(await instance().ok(["pull", byDigest])).toContain("Image is up to date");
  });

  test("apply pulls what is missing, and says so in the plan", async () => {
    const { reference } = await registry.image("team/api:1", [rootfs()]);
    const spec = (image: string, more = "") => `name: shop
services:
  web: { image: "${image}", command: [sleep, "1000000"], stop_signal: SIGKILL${more} }
`;
    await instance().write("compose.yaml", spec(reference));
    expect((await instance().gantry(["plan"])).stdout).toContain(
      `+ image ${reference}  pull  not on this machine`,
    );
    expect(await instance().apply(spec(reference))).toContain(`image ${reference}  pulled`);
    expect(await instance().running()).toEqual(["shop-web-1"]);
    const nowhere = `${registry.host}/team/nothing:1`;
    await instance().write("compose.yaml", spec(nowhere, ", pull_policy: never"));
    expect((await instance().gantry(["apply"])).stderr).toContain("is not on this machine");
    await instance().write("compose.yaml", spec(nowhere));
    expect((await instance().gantry(["apply"])).stderr).toContain(`${registry.host} has no team/nothing:1`);
    await instance().write("compose.yaml", spec(reference));
    await instance().ok(["apply"]);
  });

  test("pull_policy: always replaces what runs when the tag leads elsewhere, and nothing when it does not", async () => {
    const { reference } = await registry.image("team/moving:1", [rootfs()]);
    const spec = `name: shop
services:
  web: { image: "${reference}", command: [sleep, "1000000"], stop_signal: SIGKILL, pull_policy: always }
`;
    await instance().apply(spec);
    const before = await instance().pidOf("shop-web-1");
    await instance().apply(spec);
    expect(await instance().pidOf("shop-web-1")).toBe(before);
    await registry.image("team/moving:1", [rootfs(), change]);
    await instance().apply(spec);
    expect(await instance().ok(["exec", "shop-web-1", "cat", "/greeting"])).toBe("from the second layer\n");
  });

  test("layers that are here are not fetched again", async () => {
    const base = await registry.image("team/base:1", [rootfs()]);
    const next = await registry.image("team/next:1", [rootfs(), change]);
    await instance().ok(["pull", base.reference]);
    const output = await instance().ok(["pull", next.reference]);
    expect(output).toContain(`${base.layers[0]?.digest.slice(7, 19)}:  Already exists`);
    expect(onDisk().layers).toBe(2);
  });

  test("of an index the image for this machine, and --platform chooses another", async () => {
    const mine = await registry.image("team/multi:amd64", [change], { config: { Labels: { is: "amd64" } } });
    const arm = { architecture: "arm64", variant: "v8" };
    const theirs = await registry.image("team/multi:arm64", [change], { top: arm });
    const entry = (digest: string, platform: object) => ({
      mediaType: OCI_MANIFEST,
      digest,
      size: 1,
      platform,
    });
    const manifests = [
      entry(theirs.digest, { os: "linux", ...arm }),
      entry(mine.digest, { os: "linux", architecture: "amd64" }),
      entry(mine.digest, { os: "unknown", architecture: "unknown" }),
    ];
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
    const digest = await registry.putManifest("team/multi", "1", index, OCI_INDEX);
    const reference = `${registry.host}/team/multi:1`;
    expect(await instance().ok(["pull", reference])).toContain(`Digest: ${digest}`);
    const image = await instance().get<{ readonly Id: string }>(
      `/images/${encodeURIComponent(reference)}/json`,
    );
    expect(image.Id).toBe(mine.id);
    await instance().ok(["pull", "--platform", "linux/arm64", reference]);
    const other = await instance().get<{ readonly Id: string }>(
      `/images/${encodeURIComponent(reference)}/json`,
    );
    expect(other.Id).toBe(theirs.id);
    const none = await instance().gantry(["pull", "--platform", "linux/s390x", reference]);
    expect(none.stderr).toContain("is not there for linux/s390x, only for linux/arm64/v8, linux/amd64");
  });

  test("what fails leaves nothing, and says why", async () => {
    const good = await registry.image("team/good:1", [rootfs()]);
    const refused = async (reference: string, words: string | RegExp): Promise<void> => {
      const { code, stderr } = await instance().gantry(["pull", reference]);
      expect(code).toBe(1);
      expect(stderr).toMatch(words);
    };
    await refused(`${registry.host}/team/none:1`, `${registry.host} has no team/none:1`);
    await refused(`${registry.host}/team/good@sha256:${"0".repeat(64)}`, "has no team/good@sha256:000");
    await refused("127.0.0.1:1/x:1", "the registry 127.0.0.1:1 cannot be reached");
    expect((await instance().gantry(["pull", "Not A Name"])).stderr).toContain("is not an image reference");
    const lying = await registry.image("team/lying:1", [change], { diffIds: [good.diffIds[0] ?? ""] });
    await refused(lying.reference, `what should be ${good.diffIds[0]} is `);
    const few = await registry.image("team/few:1", [change], { diffIds: [] });
    await refused(few.reference, "names 0 layers, its manifest 1");
    expect(onDisk()).toEqual({ layers: 0, blobs: 0 });
    expect(existsSync(join(instance().env["GANTRY_ROOT"] ?? "", "images/records"))).toBe(true);
  });
});
