import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Client } from "../../../src/cli/client.ts";
import { projectName } from "../../../src/cli/spec-flags.ts";
import { findTargets } from "../../../src/cli/targets.ts";
import { served, type Served } from "./served-daemon.ts";

interface Instance extends Served {
  readonly client: Client;
  readonly file: string;
}

/** A folder with this spec, and a daemon to which "shop" was applied from that file. */
async function instance(spec: string | undefined): Promise<Instance> {
  let file = "";
  const found = await served((request, answer) => {
    if (request.url === "/gantry/v1/projects")
      return answer.end(JSON.stringify([{ name: "shop", files: [file] }]));
    if (request.url === "/gantry/v1/projects/shop")
      return answer.end(JSON.stringify({ project: { services: { web: {} } }, stopped: [] }));
    return answer
      .writeHead(404)
      .end(JSON.stringify({ message: "no such project", code: "project.not-found" }));
  });
  file = join(found.context.cwd, "compose.yaml");
  if (spec !== undefined) await writeFile(file, spec);
  return { ...found, client: new Client(found.context.paths.socket), file };
}

const GOOD = "name: shop\nservices: { web: { image: host } }\n";
const BROKEN = "name: shop\nservices: [\n";

test("-p names the project without reading any file", async () => {
  const { context, client } = await instance(BROKEN);
  expect(await projectName(context, client, { project: "other" })).toBe("other");
});

test("a broken file still names the project that was applied from it", async () => {
  const { context, client } = await instance(BROKEN);
  expect(await projectName(context, client, {})).toBe("shop");
});

test("a broken file that nothing was applied from is its diagnostics", async () => {
  const { context, client } = await instance(undefined);
  const file = join(context.cwd, "other.yaml");
  await writeFile(file, BROKEN);
  await expect(projectName(context, client, { file: [file] })).rejects.toMatchObject({ code: "spec.syntax" });
});

test("in a folder with a spec a word is a service first, then a container", async () => {
  const { context, client } = await instance(GOOD);
  expect(await findTargets(context, client, ["web", "web.2", "4f5a"], {})).toEqual({
    project: "shop",
    services: ["web"],
    containers: ["shop-web-2", "4f5a"],
  });
});

test("in a folder without a spec every word is a container", async () => {
  const { context, client } = await instance(undefined);
  expect(await findTargets(context, client, ["web"], {})).toEqual({ containers: ["web"] });
});

test("a project that was never applied has no services to name, unless it was asked for by name", async () => {
  const { context, client } = await instance(GOOD.replace("shop", "new"));
  expect(await findTargets(context, client, ["web"], {})).toEqual({ containers: ["web"] });
  await expect(findTargets(context, client, ["web"], { project: "new" })).rejects.toMatchObject({
    code: "project.not-found",
  });
});
