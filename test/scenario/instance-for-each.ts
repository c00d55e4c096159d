import { afterEach, beforeEach } from "vitest";
import { Instance } from "./instance.ts";

/** A fresh instance for each test of a file, taken down (and looked at for leaks) after it, however it ended. */
export function instanceForEach(): () => Instance {
  let instance: Instance | undefined;
  beforeEach(async () => {
    instance = await Instance.open();
  });
  afterEach(async ({ task }) => {
    const ended = instance;
    instance = undefined;
    await ended?.close(task.result?.state === "fail");
  });
  return () => {
    if (instance === undefined) throw new Error("there is an instance only inside a test");
    return instance;
  };
}
