import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FaultyProxy } from "./faulty-proxy.fixture.ts";
import { instanceForEach } from "./instance-for-each.ts";
import { HAS_REGISTRY, Registry } from "./registry.fixture.ts";
import { tarOf } from "./tar-bytes.ts";
import { until } from "./until.ts";

const instance = instanceForEach();
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

function namesIn(folder: string): readonly string[] {
  return readdirSync(join(instance().env["GANTRY_ROOT"] ?? "", folder));
}

test.runIf(HAS_REGISTRY)(
  "a daemon killed during a pull leaves no half image, and the next pull is whole",
  async () => {
    const layers = [1, 2].map((number) => tarOf({ name: `file-${number}`, data: randomBytes(2_000_000) }));
    const image = await registry.image("crash/app:1", layers);
    const reference = `${proxy.host}/crash/app:1`;
    proxy.misbehave(({ url, method }) =>
      method === "GET" && url.endsWith(image.layers[1]?.digest ?? "")
        ? { slow: { bytes: 16_384, ms: 30 } }
        : undefined,
    );
    await instance().ok(["images"]); // the daemon is there
    const pulling = instance().start(["pull", reference]);
    const failed = new Promise((resolve) => pulling.on("close", resolve));
    const blobs = "images/blobs/sha256";
    await until("half a layer", () => namesIn(blobs).length > 0 && namesIn("layers").length > 0);
    await instance().endDaemon("SIGKILL");
    expect(await failed).not.toBe(0);
    expect(namesIn("images/records")).toEqual([]);

    expect(await instance().ok(["images", "-q"])).not.toContain(image.id.slice(7, 19));
    expect(namesIn("layers")).toEqual([]);
    expect(namesIn(blobs)).toEqual([]);
    proxy.misbehave(() => undefined);
    expect(await instance().ok(["pull", reference])).toContain(`Digest: ${image.digest}`);
    expect(namesIn("layers")).toHaveLength(2);
  },
);
