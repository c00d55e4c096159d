import type { Instance } from "./instance.ts";
import { until } from "./until.ts";

/** A `gantry watch` that goes on; `said` is everything it has printed. */
export interface Watching {
  readonly said: () => string;
  /** Interrupts it as ctrl-C does; resolves with its exit status. */
  readonly end: () => Promise<number | null>;
}

/** Starts `gantry watch` and returns once it watches. `instance.close` ends it at the latest. */
export async function startWatch(instance: Instance, ...flags: readonly string[]): Promise<Watching> {
  const child = instance.start(["watch", ...flags]);
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const exit = new Promise<number | null>((resolve) => child.on("close", resolve));
  await until("watching", () => text.includes("watching "));
  return {
    said: () => text,
    end: () => {
      child.kill("SIGINT");
      return exit;
    },
  };
}
