import { segment, type Client } from "./client.ts";

const PROXIED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** Sends the signals that we get on to a container. Returns what ends it. */
export function proxySignals(client: Client, container: string): () => void {
  const send = (signal: NodeJS.Signals): void => {
    const sent = client.text("POST", `/containers/${segment(container)}/kill`, { query: { signal } });
    sent.catch(() => undefined); // it ended meanwhile
  };
  for (const signal of PROXIED) process.on(signal, send);
  return () => {
    for (const signal of PROXIED) process.off(signal, send);
  };
}
