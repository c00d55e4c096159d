import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { GantryError, messageOf } from "../../error.ts";
import { parseRawEnvironment } from "../../spec/raw-environment.ts";
import type { Client } from "../client.ts";
import { type Context, say } from "../context.ts";
import { followTransfer, type TransferLine } from "../follow-transfer.ts";
import { registryAuth } from "../registry-auth.ts";
import type { RunFlags } from "./flags.ts";
import { createBody, type RequestContext } from "./request.ts";

/**
 * Makes the container that a command line asks for, after bringing its image where that is missing. Returns its id.
 * Throws request.invalid, and what the daemon throws.
 */
export async function createContainer(
  context: Context,
  client: Client,
  image: string,
  command: readonly string[],
  flags: RunFlags,
): Promise<string> {
  const body = createBody(image, command, flags, requestContext(context));
  if (flags.cidfile !== undefined) await reserve(resolve(context.cwd, flags.cidfile));
  if (flags.pull === "always") await bring(context, client, image, flags);
  const query = { name: flags.name, platform: flags.platform };
  const create = async () =>
    await client.json<{ readonly Id: string; readonly Warnings: readonly string[] }>(
      "POST",
      "/containers/create",
      {
        query,
        body,
      },
    );
  const { Id, Warnings } = await create().catch(async (error: unknown) => {
    if (!(error instanceof GantryError) || error.code !== "image.not-found" || flags.pull !== "missing")
      throw error;
    if (flags.quiet !== true) say(context, `there is no image ${image} here: pulling it`);
    await bring(context, client, image, flags);
    return await create();
  });
  for (const warning of Warnings) say(context, warning);
  if (flags.cidfile !== undefined) await writeFile(resolve(context.cwd, flags.cidfile), Id);
  return Id;
}

/** Standard output is the container's: progress goes to standard error. */
async function bring(context: Context, client: Client, image: string, flags: RunFlags): Promise<void> {
  const headers = await registryAuth(context, image);
  const query = { fromImage: image, platform: flags.platform };
  const lines = client.lines<TransferLine>("POST", "/images/create", { query, headers });
  await followTransfer({ stdout: context.stderr }, lines, { quiet: flags.quiet === true });
}

/** As docker: an id that is there already may be another container's. */
async function reserve(path: string): Promise<void> {
  await writeFile(path, "", { flag: "wx" }).catch((cause: unknown) => {
    throw new GantryError("request.invalid", `cannot write the container's id: ${messageOf(cause)}`, {
      next: `remove ${path}, or name another file`,
      cause,
    });
  });
}

function requestContext({ cwd, env }: Context): RequestContext {
  const read = (path: string): string => {
    try {
      return readFileSync(resolve(cwd, path), "utf8");
    } catch (cause) {
      throw new GantryError("request.invalid", `cannot read ${path}: ${messageOf(cause)}`, { cause });
    }
  };
  return {
    cwd,
    env,
    read,
    readList: (path) => {
      const { values, diagnostics } = parseRawEnvironment(read(path), path, (name) => env[name]);
      const [first] = diagnostics;
      if (first !== undefined)
        throw new GantryError("request.invalid", `${path}:${first.line}: ${first.message}`);
      return [...values].map(([name, value]) => `${name}=${value}`);
    },
  };
}
