import { domainOf } from "../registry/address.ts";
import { ConfigFile } from "../registry/config-file.ts";
import { encodeAuthHeader } from "../registry/credentials.ts";
import type { Context } from "./context.ts";

/** The header that tells the daemon who the user is to an image's registry; none for one who has not logged in. */
export async function registryAuth(
  context: Pick<Context, "env">,
  reference: string,
): Promise<Readonly<Record<string, string>>> {
  const domain = domainOf(reference);
  const credentials = await new ConfigFile(context.env).credentials(domain);
  return credentials === undefined ? {} : { "X-Registry-Auth": encodeAuthHeader(credentials, domain) };
}
