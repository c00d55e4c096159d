import { isNoTls, unreachable } from "./failure.ts";
import type { Transport } from "./transport.ts";

/**
 * Where a registry answers: `https://host`, or `http://host` where that is allowed and it speaks no TLS. Throws
 * registry.unreachable.
 */
export async function findEndpoint(transport: Transport, host: string, signal?: AbortSignal): Promise<URL> {
  const safe = new URL(`https://${host}/`);
  if (!transport.mayBePlain(host)) return safe;
  const options = { method: "GET", ...(signal === undefined ? {} : { signal }) } as const;
  try {
    const answer = await transport.send(new URL("/v2/", safe), options);
    await answer.body.dump();
    return safe;
  } catch (error) {
    signal?.throwIfAborted();
    if (!isNoTls(error)) throw unreachable(safe, error);
  }
  return new URL(`http://${host}/`);
}
