import { GantryError } from "../error.ts";

/** Who somebody is to a registry. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** A refresh token, from which access tokens are made (docker's identitytoken). */
  | { readonly kind: "identity"; readonly token: string }
  /** An access token as it is (docker's registrytoken). */
  | { readonly kind: "access"; readonly token: string };

/** Docker's X-Registry-Auth header: base64url of JSON. Undefined where it holds nothing. Throws request.invalid. */
export function decodeAuthHeader(header: string | undefined): Credentials | undefined {
  if (header === undefined || header === "") return undefined;
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
  } catch (cause) {
    throw new GantryError("request.invalid", "X-Registry-Auth is not base64 of JSON", { cause });
  }
  return credentialsOf(json);
}

export function encodeAuthHeader(credentials: Credentials, serveraddress: string): string {
  const said =
    credentials.kind === "password"
      ? { username: credentials.username, password: credentials.password }
      : credentials.kind === "identity"
        ? { identitytoken: credentials.token }
        : { registrytoken: credentials.token };
  return Buffer.from(JSON.stringify({ ...said, serveraddress })).toString("base64url");
}

/** From docker's AuthConfig; undefined where it says nothing. */
export function credentialsOf(value: unknown): Credentials | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const text = (name: string): string => {
    const found = (value as Record<string, unknown>)[name];
    return typeof found === "string" ? found : "";
  };
  if (text("registrytoken") !== "") return { kind: "access", token: text("registrytoken") };
  if (text("identitytoken") !== "") return { kind: "identity", token: text("identitytoken") };
  const { username, password } = { username: text("username"), password: text("password") };
  if (username !== "") return { kind: "password", username, password };
  const pair = Buffer.from(text("auth"), "base64").toString("utf8");
  const colon = pair.indexOf(":");
  if (colon < 1) return undefined;
  return { kind: "password", username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}
