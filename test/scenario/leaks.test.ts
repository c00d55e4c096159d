import { expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { endLeaks, leaksOf } from "./leaks.ts";
import { killAll, machineryOf } from "./machinery.ts";
import { until } from "./until.ts";

test("what an instance leaves is ended, its containers too when their shims are gone", async () => {
  const instance = await Instance.open();
  try {
    await instance.apply("name: left\nservices:\n  box: { image: host, command: [sleep, infinity] }\n");
    await instance.endDaemon("SIGKILL");
    killAll((await machineryOf(instance.base)).shims);
    expect((await leaksOf(instance.base)).some((leak) => leak.startsWith("cgroup"))).toBe(true);
    await endLeaks(instance.base);
    await until("nothing but folders", async () =>
      (await leaksOf(instance.base)).every((leak) => /^(folder|network) /.test(leak)),
    );
  } finally {
    await instance.close().catch(() => undefined); // it had no chance to take anything down itself
  }
});
