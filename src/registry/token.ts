import { GantryError } from "../error.ts";
import type { Challenge } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { readAll, refusal, unreachable } from "./failure.ts";
import type { Transport } from "./transport.ts";

/** Bytes: a token is a few hundred, some registries put much into one. */
const LONGEST = 1024 * 1024;

export interface TokenRequest {
  readonly transport: Transport;
  readonly credentials: Credentials | undefined;
  /** `repository:library/alpine:pull`, ... */
  readonly scopes: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * The Authorization header that answers a registry's challenge. Throws registry.denied where the user is not known, and
 * where there is no way to answer.
 */
export async function authorizationFor(
  host: string,
  challenges: readonly Challenge[],
  request: TokenRequest,
): Promise<string> {
  const { credentials } = request;
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  if (bearer !== undefined) {
    if (credentials?.kind === "access") return `Bearer ${credentials.token}`;
    return `Bearer ${await fetchToken(host, bearer, request)}`;
  }
  const basic = challenges.some(({ scheme }) => scheme === "basic");
  if (basic && credentials?.kind === "password") return basicHeader(credentials);
  throw new GantryError("registry.denied", `the registry ${host} asks who you are`, {
    next: `gantry login ${host}`,
  });
}

function basicHeader({ username, password }: Extract<Credentials, { kind: "password" }>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** https://distribution.github.io/distribution/spec/auth/token/ and .../oauth/ */
async function fetchToken(host: string, { parameters }: Challenge, request: TokenRequest): Promise<string> {
  const { transport, credentials, scopes, signal } = request;
  const realm = realmOf(host, parameters["realm"], transport);
  const asked = new URLSearchParams();
  if (parameters["service"] !== undefined) asked.set("service", parameters["service"]);
  for (const scope of scopes) asked.append("scope", scope);
  const refreshing = credentials?.kind === "identity";
  if (refreshing) {
    asked.set("grant_type", "refresh_token");
    asked.set("refresh_token", credentials.token);
    asked.set("client_id", "gantry");
    asked.set("scope", scopes.join(" "));
  } else for (const [name, value] of asked) realm.searchParams.append(name, value);
  const answer = await transport
    .send(realm, {
      method: refreshing ? "POST" : "GET",
      headers: {
        ...(credentials?.kind === "password" ? { Authorization: basicHeader(credentials) } : {}),
        ...(refreshing ? { "Content-Type": "application/x-www-form-urlencoded" } : {}),
      },
      ...(refreshing ? { body: asked.toString() } : {}),
      ...(signal === undefined ? {} : { signal }),
    })
    .catch((error: unknown) => {
      signal?.throwIfAborted();
      throw unreachable(realm, error);
    });
  if (answer.status !== 200) throw await refusal(answer, `a token for ${host}`);
  const token = tokenIn((await readAll(answer.body, LONGEST)).toString("utf8"));
  if (token !== undefined) return token;
  throw new GantryError("registry.unreachable", `${realm.host} answered without a token`);
}

/** Passwords go there: it must be as well protected as the registry itself. */
function realmOf(host: string, realm: string | undefined, transport: Transport): URL {
  const url = URL.canParse(realm ?? "") ? new URL(realm ?? "") : undefined;
  if (url?.protocol === "https:" || (url?.protocol === "http:" && transport.mayBePlain(url.host))) return url;
  throw new GantryError(
    "registry.denied",
    `the registry ${host} sends for a token to ${JSON.stringify(realm ?? "nowhere")}, which is not safe`,
  );
}

function tokenIn(text: string): string | undefined {
  try {
    const { token, access_token: access } = JSON.parse(text) as Record<string, unknown>;
    const found = token ?? access;
    return typeof found === "string" && /^[\x21-\x7e]+$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
