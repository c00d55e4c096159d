import type { ContainerRecord } from "../runtime/container.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { EngineEvent } from "./engine.ts";

/** As docker has them: at once where it does not run, at its next end, when it is gone. */
export const WAIT_CONDITIONS = ["not-running", "next-exit", "removed"] as const;
export type WaitCondition = (typeof WAIT_CONDITIONS)[number];

export interface WaitOptions {
  readonly runtime: Runtime;
  readonly subscribe: (listener: (event: EngineEvent) => void) => () => void;
}

/**
 * Resolves with the status a container ended with last, once the condition holds; one that is removed holds them all.
 * Rejects with an AbortError. What happens after this is called is never missed.
 */
export async function waitFor(
  { runtime, subscribe }: WaitOptions,
  { id }: Pick<ContainerRecord, "id">,
  condition: WaitCondition,
  signal?: AbortSignal,
): Promise<number> {
  const lastCode = (): number => {
    const status = runtime.status(id);
    return status.phase === "exited" ? status.exit.code : 0;
  };
  if (condition === "not-running" && runtime.status(id).phase !== "running") return lastCode();
  let code = lastCode();
  return await new Promise<number>((resolve, reject) => {
    const finish = (): void => {
      unsubscribe();
      signal?.removeEventListener("abort", abort);
    };
    const abort = (): void => {
      finish();
      reject(new DOMException("stopped waiting", "AbortError"));
    };
    const unsubscribe = subscribe((event) => {
      if (event.type !== "container" || event.id !== id) return;
      if (event.action === "die") code = Number(event.attributes["exitCode"] ?? lastCode());
      if (event.action !== "destroy" && (event.action !== "die" || condition === "removed")) return;
      finish();
      resolve(code);
    });
    signal?.addEventListener("abort", abort);
    if (signal?.aborted === true) abort();
  });
}
