import { GantryError } from "../error.ts";
import { parseChallenges } from "./challenge.ts";
import { findEndpoint } from "./endpoint.ts";
import { refusal, unreachable } from "./failure.ts";
import { authorizationFor } from "./token.ts";
import type { Transport } from "./transport.ts";

/**
 * Asks a registry whether it knows somebody: no registry that we know gives an identity token for a password, so there
 * is nothing to return. Throws registry.denied, registry.unreachable.
 */
export async function logIn(
  transport: Transport,
  host: string,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<void> {
  const url = new URL("/v2/", await findEndpoint(transport, host));
  const ask = async (headers: Readonly<Record<string, string>>) =>
    await transport.send(url, { method: "GET", headers }).catch((error: unknown) => {
      throw unreachable(url, error);
    });
  const first = await ask({});
  const challenges = parseChallenges(first.headers["www-authenticate"] ?? "");
  if (first.status === 200) {
    await first.body.dump();
    return;
  }
  if (first.status !== 401 || challenges.length === 0) throw await refusal(first, "a login");
  await first.body.dump();
  const credentials = { kind: "password", username, password } as const;
  const authorization = await authorizationFor(host, challenges, { transport, credentials, scopes: [] });
  const second = await ask({ Authorization: authorization });
  if (second.status === 200) {
    await second.body.dump();
    return;
  }
  if (second.status === 401) {
    await second.body.dump();
    throw new GantryError(
      "registry.denied",
      `the registry ${host} does not know ${username} by this password`,
    );
  }
  throw await refusal(second, "a login");
}
