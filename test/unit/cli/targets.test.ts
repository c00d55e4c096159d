import { expect, test } from "vitest";
import { sortTargets } from "../../../src/cli/targets.ts";

test("a word is a service if the project has it, a replica if it has its service, else a container", () => {
  expect(sortTargets(["web", "db.2", "web-3", "4f5a", "other-1"], "shop", { web: {}, db: {} })).toEqual({
    project: "shop",
    services: ["web"],
    containers: ["shop-db-2", "shop-web-3", "4f5a", "other-1"],
  });
});

test("a service whose own name looks like a replica's wins", () => {
  expect(sortTargets(["web-1"], "shop", { web: {}, "web-1": {} })).toMatchObject({
    services: ["web-1"],
    containers: [],
  });
});

test("what is named twice is done once", () => {
  expect(sortTargets(["web", "web", "x", "x"], "shop", { web: {} })).toMatchObject({
    services: ["web"],
    containers: ["x"],
  });
});

test("a replica of a service that names its container is that container", () => {
  expect(sortTargets(["web.1"], "shop", { web: { containerName: "front" } })).toMatchObject({
    containers: ["front"],
  });
});
