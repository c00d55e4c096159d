import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ProjectStore } from "../../../src/daemon/projects.ts";
import { Revisions } from "../../../src/daemon/revisions.ts";
import type { Image } from "../../../src/image/image.ts";
import { project, service } from "../reconcile/fixture.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "gantry-revisions-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test("an image that comes after the apply belongs to its revision, also of a service called constructor", async () => {
  const store = await ProjectStore.open(root);
  let found: Image | undefined;
  const revisions = new Revisions(store, { resolve: async () => found, get: async () => found });
  const wanted = revisions.numbered(project({ constructor: service({ image: "web:1" }) }));
  const { name } = wanted.project;
  await store.put(wanted);
  await revisions.remember(name);
  found = { id: "sha256:1", digests: [] as readonly string[] } as Image;
  await revisions.remember(name);
  expect(store.history.list(name)).toMatchObject([
    { number: 1, images: { constructor: { id: "sha256:1" } } },
  ]);
});
