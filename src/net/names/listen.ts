import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIP } from "node:net";
import { errnoOf } from "../../host/errno.ts";
import type { Responder } from "./responder.ts";
import { framed, splitMessages } from "./stream.ts";

const PORT = 53;
/** Who says nothing for so long is hung up on. */
const IDLE_MS = 10_000;
const MOST_STREAMS = 256;

/** The sockets on which a network's containers ask. */
export interface Listening {
  close(): void;
}

/**
 * Listens on the address, UDP and, where nobody else has that port on every address, TCP: long answers need it.
 * `current` is asked for each message. Rejects with EADDRINUSE, EADDRNOTAVAIL.
 */
export async function listenOn(address: string, current: () => Responder): Promise<Listening> {
  const v6 = isIP(address) === 6;
  const datagrams = createSocket({
    type: v6 ? "udp6" : "udp4",
    ipv6Only: v6,
    // Beside one who listens on every address and allows it, as dnsmasq does: the more specific address gets it.
    reuseAddr: true,
  });
  datagrams.on("message", (message, from) => {
    void current()
      .answer(message, from.address, "udp")
      .then((answer) => answer && datagrams.send(answer, from.port, from.address, () => undefined));
  });
  const streams = createServer((socket) => {
    const split = splitMessages();
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      for (const message of split(chunk))
        void current()
          .answer(message, socket.remoteAddress ?? "", "tcp")
          .then((answer) => (answer === undefined ? socket.destroy() : socket.write(framed(answer))));
    });
  });
  streams.maxConnections = MOST_STREAMS;
  const close = (): void => {
    datagrams.close();
    if (streams.listening) streams.close();
  };
  try {
    datagrams.bind({ port: PORT, address, exclusive: true });
    await once(datagrams, "listening");
    streams.listen({ port: PORT, host: address, exclusive: true, ipv6Only: v6 });
    await once(streams, "listening").catch((error: unknown) => {
      if (errnoOf(error) !== "EADDRINUSE") throw error;
    });
  } catch (error) {
    close();
    throw error;
  }
  datagrams.on("error", () => undefined); // what one datagram met is no reason to stop
  return { close };
}
