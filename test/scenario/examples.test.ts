import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { copyExample, EXAMPLES, read } from "./example-copy.ts";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

/** What the front says once it reaches the back, which may still be starting: nobody publishes its port. */
async function greeting(port: number): Promise<string> {
  return await until("a greeting", async () => {
    const text = await read(port);
    return !text.startsWith("the back does not answer") && text;
  });
}

describe("every example does what its README says", () => {
  test("each has a test, a README and a row in the table of examples", async () => {
    const entries = await readdir(EXAMPLES, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(12);
    const folder = fileURLToPath(new URL(".", import.meta.url));
    const files = (await readdir(folder)).filter((name) => /^examples.*\.test\.ts$/.test(name));
    const tests = (await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")))).join("");
    const table = await readFile(join(EXAMPLES, "README.md"), "utf8");
    for (const name of names) {
      expect(tests).toContain(`copyExample(instance(), "${name}"`);
      expect(table).toContain(`[${name}](${name}/README.md)`);
      expect(await readFile(join(EXAMPLES, name, "README.md"), "utf8")).toContain(`# ${name}\n`);
    }
  });

  test("hello: three replicas answer in turn, then five", async () => {
    await copyExample(instance(), "hello", { "8080:": 18440 });
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
    await copyExample(instance(), "scale");
    await instance().ok(["apply", "--wait", "--strict"]);
    expect((await instance().ok(["ps", "-q"])).trim().split("\n")).toHaveLength(10);
    await instance().ok(["scale", "sleeper=25", "--wait"]);
    expect((await instance().ok(["ps", "-q"])).trim().split("\n")).toHaveLength(25);
    await instance().ok(["down"]);
    expect(await instance().ok(["ps", "-a", "-q"])).toBe("");
  });

  test("two-services: the front reaches the back by name, and the count outlives them", async () => {
    await copyExample(instance(), "two-services", { "127.0.0.1:8081:": 18441 });
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
