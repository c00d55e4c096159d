import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { copyExample, hasPrograms, publishElsewhere, read } from "./example-copy.ts";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";
import { startWatch } from "./watching.ts";

const instance = instanceForEach();
const HAS_CURL = hasPrograms("several-files", "curl");

/** Replaces text in a file of the example's copy. */
async function edit(name: string, before: string, after: string): Promise<void> {
  const path = join(instance().folder, name);
  const text = await readFile(path, "utf8");
  expect(text).toContain(before);
  await writeFile(path, text.replace(before, after));
}

describe("examples of what a project's files can say", () => {
  test("secrets: they are files of one service, are not shown, and an edit replaces that service", async () => {
    await copyExample(instance(), "secrets", { "127.0.0.1:8085:": 18445 });
    await instance().ok(["apply", "--wait", "--strict"], { env: { API_KEY: "the-key-of-a-test" } });
    const before = await until("an answer", async () => await read(18445));
    expect(before).toMatch(/^database [0-9a-f]{12}, key [0-9a-f]{12}\n$/);
    const api = (...words: readonly string[]) => instance().ok(["exec", "secrets-api-1", ...words]);
    expect(await api("stat", "-c", "%a %u", "/run/secrets/database")).toBe("400 65534\n");
    expect(await api("cat", "/etc/api/key")).toBe("the-key-of-a-test");
    expect(await api("env")).not.toContain("the-key-of-a-test");
    expect(await instance().ok(["inspect", "secrets-api-1"])).not.toContain("the-key-of-a-test");
    const other = await instance().gantry(["exec", "secrets-bystander-1", "ls", "/run/secrets"]);
    expect(other.stderr).toContain("No such file");
    const bystander = await instance().pidOf("secrets-bystander-1");
    await instance().write("database-password.txt", "a new one");
    await instance().ok(["apply", "--wait"], { env: { API_KEY: "the-key-of-a-test" } });
    const [, key] = before.split(", ");
    const after = await until("another password", async () => {
      const text = await read(18445);
      return text !== before && text;
    });
    expect(after.split(", ")[1]).toBe(key);
    expect(await instance().pidOf("secrets-bystander-1")).toBe(bystander);
  });

  test("dockerfile: an image of one file is built, and built anew only when something changed", async () => {
    await copyExample(instance(), "dockerfile", { "8086:": 18446 });
    await instance().ok(["apply", "--wait", "--strict"]);
    expect(await read(18446)).toBe("hello from an image of one file\n");
    const { Size } = await instance().get<{ readonly Size: number }>("/images/example/tiny/json");
    expect(Size).toBeLessThan(1_500_000);
    const pid = await instance().pidOf("dockerfile-web-1");
    expect(await instance().ok(["apply", "--build", "--wait"])).toContain("nothing to do");
    expect(await instance().pidOf("dockerfile-web-1")).toBe(pid);
    await edit("compose.yaml", "GREETING: hello", "GREETING: welcome");
    await instance().ok(["apply", "--build", "--wait"]);
    expect(await read(18446)).toBe("welcome from an image of one file\n");
  });

  test("develop: a saved source and a saved compose.yaml are what runs", async () => {
    await copyExample(instance(), "develop", { "127.0.0.1:8087:": 18447 });
    const watching = await startWatch(instance(), "--strict");
    const says = async (text: string) => await until(text, async () => (await read(18447)) === `${text}\n`);
    await says("hello you");
    const pid = await instance().pidOf("develop-web-1");
    await edit("src/greeting.mjs", "hello", "welcome");
    await says("welcome you");
    expect(await instance().pidOf("develop-web-1")).toBe(pid); // the same container
    await edit("compose.yaml", "NAME: you", "NAME: friend");
    await says("welcome friend");
    expect(await watching.end()).toBe(0);
    await says("welcome friend");
  });

  test("host-image: this machine's tar packs a folder, and sees and writes nothing else of it", async () => {
    await copyExample(instance(), "host-image");
    await instance().ok(["apply", "--wait", "--strict"]);
    const lines = async () => (await instance().ok(["logs", "list"])).split("\n");
    await until("both letters", async () => {
      const said = (await lines()).map((line) => line.split(/[ |]+/).at(-1));
      return said.includes("./letter.txt") && said.includes("./postcard.txt");
    });
    expect(await instance().ok(["run", "--rm", "host", "ls", "-A", "/home", "/root"])).toBe(
      "/home:\n\n/root:\n",
    );
    const touched = await instance().gantry(["run", "--rm", "host", "sh", "-c", "touch /usr/bin/x"]);
    expect(touched.stderr).toContain("Read-only file system");
  });

  test.skipIf(!HAS_CURL)("several-files: override, profile, include and production", async () => {
    await copyExample(instance(), "several-files", { "127.0.0.1:8088:": 18448 }, "compose.override.yaml");
    await publishElsewhere(instance(), { "8089:": 18449 }, "compose.prod.yaml");
    await instance().ok(["apply", "--wait", "--strict"]);
    expect(await until("an answer", async () => await read(18448))).toBe("my shop: development\n");
    expect(await instance().running()).toEqual(["several-files-web-1"]);
    await instance().ok(["apply", "--wait", "--profile", "debug"]);
    await until("the probe", async () =>
      (await instance().ok(["logs", "probe"])).includes("my shop: development"),
    );
    await instance().ok(["apply", "--wait", "-f", "compose.yaml", "-f", "compose.prod.yaml"]);
    expect(await read(18449)).toBe("my shop: production\n");
    expect(await instance().running()).toEqual([1, 2, 3].map((n) => `several-files-web-${n}`));
    await expect(read(18448)).rejects.toThrow("fetch failed");
  });
});
