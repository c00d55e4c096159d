import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples", import.meta.url));
const instance = instanceForEach();

/** Copies an example and gives its published ports others that nobody else on this machine uses. */
async function copyExample(name: string, ports: Readonly<Record<string, number>> = {}): Promise<void> {
  await cp(join(EXAMPLES, name), instance().folder, { recursive: true });
  let text = await readFile(join(instance().folder, "compose.yaml"), "utf8");
  for (const [before, after] of Object.entries(ports)) {
    expect(text).toContain(before);
    text = text.replace(before, `127.0.0.1:${after}:`);
  }
  await instance().write("compose.yaml", text);
}

async function read(port: number): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text();
}

/** What the front says once it reaches the back, which may still be starting: nobody publishes its port. */
async function greeting(port: number): Promise<string> {
  return await until("a greeting", async () => {
    const text = await read(port);
    return !text.startsWith("the back does not answer") && text;
  });
}

describe("every example does what its README says", () => {
  const TESTED = ["hello", "scale", "two-services"];

  test("each has a test here", async () => {
    expect((await readdir(EXAMPLES)).sort()).toEqual(TESTED);
  });

  test("hello: three replicas answer in turn, then five", async () => {
    await copyExample("hello", { "8080:": 18440 });
    await instance().ok(["apply", "--wait", "--strict"]);
    const seen = new Set(await Promise.all(Array.from({ length: 9 }, () => read(18440))));
    expect(seen.size).toBe(3);
    for (const line of seen) expect(line).toMatch(/^hello from \S+\n$/);
    await instance().ok(["scale", "web=5", "--wait"]);
    expect(new Set(await Promise.all(Array.from({ length: 15 }, () => read(18440)))).size).toBe(5);
    await instance().ok(["down"]);
    await expect(read(18440)).rejects.toThrow("fetch failed");
  });

  test("scale: sleepers come and go", async () => {
    await copyExample("scale");
    await instance().ok(["apply", "--wait", "--strict"]);
    expect((await instance().ok(["ps", "-q"])).trim().split("\n")).toHaveLength(10);
    await instance().ok(["scale", "sleeper=25", "--wait"]);
    expect((await instance().ok(["ps", "-q"])).trim().split("\n")).toHaveLength(25);
    await instance().ok(["down"]);
    expect(await instance().ok(["ps", "-a", "-q"])).toBe("");
  });

  test("two-services: the front reaches the back by name, and the count outlives them", async () => {
    await copyExample("two-services", { "127.0.0.1:8081:": 18441 });
    await instance().ok(["apply", "--wait", "--strict"]);
    expect(await greeting(18441)).toBe("good day, visitor 1\n");
    const back = await instance().pidOf("two-services-back-1");
    await instance().ok(["apply", "--wait"], { env: { GREETING: "hello" } });
    expect(await greeting(18441)).toBe("hello, visitor 2\n");
    expect(await instance().pidOf("two-services-back-1")).toBe(back);

    await instance().ok(["down"]);
    await instance().ok(["apply", "--wait"]);
    expect(await greeting(18441)).toBe("good day, visitor 3\n"); // the volume stayed
    await instance().ok(["down", "-v"]);
    await instance().ok(["apply", "--wait"]);
    expect(await greeting(18441)).toBe("good day, visitor 1\n"); // and went with -v
  });
});
