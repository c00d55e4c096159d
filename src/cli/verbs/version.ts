import { answers } from "../daemon-start.ts";
import { Client } from "../client.ts";
import type { Context } from "../context.ts";
import { printValue, type Format } from "../listing.ts";
import { version as clientVersion } from "../version.ts";

interface ServerVersion {
  readonly Version: string;
  readonly ApiVersion: string;
}

/** `gantry version`: of this program, and of the daemon if one answers. Starts nothing. */
export async function version(context: Context, options: { readonly output: Format }): Promise<number> {
  const client = new Client(context.paths.socket);
  const server = (await answers(client)) ? await client.json<ServerVersion>("GET", "/version") : undefined;
  if (options.output !== "table") {
    await printValue(context, options.output, {
      Client: { Version: clientVersion() },
      Server: server ?? null,
    });
    return 0;
  }
  const daemon =
    server === undefined ? "not running" : `${server.Version} (Docker Engine API ${server.ApiVersion})`;
  context.stdout.write(`gantry ${clientVersion()}\ndaemon ${daemon}\n`);
  return 0;
}
