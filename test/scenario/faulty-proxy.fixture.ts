import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the proxy does to one answer; undefined leaves it alone. */
export type Fault =
  /** Break the connection after so many bytes of the body. */
  | { readonly cutAfter: number }
  /** Answer this instead of asking the registry. */
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Buffer;
    }
  /** Send bytes for as long as somebody reads. */
  | { readonly endless: true }
  /** Send the body so many bytes at a time, this long apart. */
  | { readonly slow: { readonly bytes: number; readonly ms: number } };

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** An HTTP proxy in front of a registry that misbehaves as told, and remembers what was asked. */
export class FaultyProxy {
  readonly seen: SeenRequest[] = [];
  #fault: (request: SeenRequest, count: number) => Fault | undefined = () => undefined;
  readonly #server: Server;
  readonly #port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
  }

  static async open(target: number): Promise<FaultyProxy> {
    let proxy: FaultyProxy | undefined;
    const server = createServer((incoming, outgoing) => proxy?.serve(incoming, outgoing, target));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    proxy = new FaultyProxy(server, (server.address() as AddressInfo).port);
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** `count` is how often this very method and path were asked for before. */
  misbehave(fault: (request: SeenRequest, count: number) => Fault | undefined): void {
    this.#fault = fault;
    this.seen.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  serve(incoming: IncomingMessage, outgoing: ServerResponse, target: number): void {
    const { method = "GET", url = "/", headers } = incoming;
    const { range, authorization } = headers;
    const count = this.seen.filter((one) => one.method === method && one.url === url).length;
    const asked = { method, url, range, authorization };
    this.seen.push(asked);
    const fault = this.#fault(asked, count);
    if (fault !== undefined && "status" in fault) {
      incoming.resume();
      outgoing.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    }
    if (fault !== undefined && "endless" in fault) {
      outgoing.writeHead(200, { "Content-Type": "application/octet-stream" });
      const more = (): void => {
        while (!outgoing.destroyed && outgoing.write(Buffer.alloc(65_536)));
      };
      outgoing.on("drain", more);
      more();
      return;
    }
    const onwards = request({ host: "127.0.0.1", port: target, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      if (fault === undefined) answer.pipe(outgoing);
      else if ("cutAfter" in fault) cut(answer, outgoing, fault.cutAfter);
      else void trickle(answer, outgoing, fault.slow);
    });
    onwards.on("error", () => outgoing.destroy());
    incoming.pipe(onwards);
  }
}

function cut(answer: IncomingMessage, outgoing: ServerResponse, after: number): void {
  let left = after;
  answer.on("data", (chunk: Buffer) => {
    outgoing.write(chunk.subarray(0, left), () => {
      if (left <= 0) outgoing.destroy();
    });
    left -= chunk.length;
  });
  answer.on("end", () => outgoing.end());
}

async function trickle(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  { bytes, ms }: { readonly bytes: number; readonly ms: number },
): Promise<void> {
  for await (const chunk of answer) {
    for (let at = 0; at < (chunk as Buffer).length; at += bytes) {
      if (outgoing.destroyed) return;
      outgoing.write((chunk as Buffer).subarray(at, at + bytes));
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }
  outgoing.end();
}
