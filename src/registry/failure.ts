import { GantryError, messageOf } from "../error.ts";
import type { Answer } from "./transport.ts";

/** Bytes of an error's body that are looked at. */
const LONGEST = 64 * 1024;

/** An answer that may be better when asked again: a timeout, a limit, a defect of the other side. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** An error of the connection, not of what was said on it. */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof GantryError) return false;
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  return /^(?:ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EAI_AGAIN|UND_ERR_(?!INVALID|ABORTED))/.test(
    code,
  );
}

/** The other side speaks no TLS, as far as can be told. */
export function isNoTls(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  return (
    code === "EPROTO" || code === "ECONNRESET" || code === "UND_ERR_SOCKET" || code.startsWith("ERR_SSL_")
  );
}

/** The error of a request that got no answer. */
export function unreachable(url: URL, error: unknown): GantryError {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  const next = /CERT|SELF_SIGNED|UNABLE_TO|ISSUER|ALTNAME/.test(code)
    ? `put its certificate authority into /etc/gantry/certs.d/${url.host}/ca.crt`
    : code === "EPROTO"
      ? `if it really speaks plain HTTP, add ${url.host} to insecure_registries`
      : "see that it runs, and that this machine reaches it";
  return new GantryError(
    "registry.unreachable",
    `the registry ${url.host} cannot be reached: ${messageOf(error)}`,
    {
      next,
      cause: error,
    },
  );
}

/** The error of an answer that is none; reads its body. `what` it was about: `web:1`. */
export async function refusal(answer: Answer, what: string): Promise<GantryError> {
  const { url, status, headers } = answer;
  const said = await words(answer);
  const because = said === "" ? "" : `: ${said}`;
  if (status === 401 || status === 403) {
    return new GantryError("registry.denied", `${url.host} refuses ${what}${because}`, {
      next: `gantry login ${url.host}, or see that the name is right`,
    });
  }
  if (status === 404) return new GantryError("image.not-found", `${url.host} has no ${what}${because}`);
  if (status === 429) {
    const after = headers["retry-after"];
    return new GantryError(
      "registry.limited",
      `${url.host} answers no more requests for now: its rate limit is reached${because}`,
      {
        next: /^\d+$/.test(after ?? "")
          ? `try again in ${after} s, or log in: limits are higher then`
          : "try again later, or log in: limits are higher then",
      },
    );
  }
  return new GantryError("registry.unreachable", `${url.host} answered ${status} for ${what}${because}`);
}

/** `errors[].message` of the distribution specification, else nothing: never a page of HTML. */
async function words({ body }: Answer): Promise<string> {
  try {
    const json = JSON.parse((await readAll(body, LONGEST)).toString("utf8")) as {
      readonly errors?: readonly { readonly code?: unknown; readonly message?: unknown }[];
    };
    const first = json.errors?.[0];
    const said = first?.message ?? first?.code;
    return typeof said === "string" ? said.slice(0, 300) : "";
  } catch {
    body.destroy();
    return "";
  }
}

/** A whole body of at most so many bytes. Throws image.invalid beyond. */
export async function readAll(body: AsyncIterable<Uint8Array>, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most)
      throw new GantryError("image.invalid", `the registry's answer is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
