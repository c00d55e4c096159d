import { describe, expect, test } from "vitest";
import { copyExample, hasPrograms, read } from "./example-copy.ts";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();
const HAS_CURL = hasPrograms("blue-green", "curl");
const HAS_NGINX = hasPrograms("nginx-two-apps", "curl", "nginx");

/** Visits without a pause while something is done; every answer, and every failure as its message. */
async function visitsDuring(
  port: number,
  path: string,
  done: () => Promise<unknown>,
): Promise<readonly string[]> {
  const answers: string[] = [];
  const over = new AbortController();
  const visitor = (async () => {
    while (!over.signal.aborted) {
      const answer = await read(port, path).catch((error: unknown) => `failed: ${String(error)}`);
      answers.push(answer);
    }
  })();
  try {
    await done();
  } finally {
    over.abort();
    await visitor;
  }
  return answers;
}

describe.skipIf(!HAS_CURL)("a new version", () => {
  test("blue-green: green takes over without a failed visit, red does not take over", async () => {
    await copyExample(instance(), "blue-green", { "8084:": 18444 });
    await instance().ok(["apply", "--wait", "--strict"]);
    expect(await read(18444)).toBe("blue\n");
    const { stdout } = await instance().gantry(["plan"], { env: { COLOUR: "green" } });
    expect(stdout).toContain("-/+ web.1  replace (start-first, no downtime)");
    const seen = await visitsDuring(18444, "/", async () => {
      await instance().ok(["apply", "--wait"], { env: { COLOUR: "green" } });
      await until("only green", async () => (await read(18444)) === "green\n");
    });
    expect(new Set(seen)).toEqual(new Set(["blue\n", "green\n"]));
    const during = await visitsDuring(18444, "/", async () => {
      const red = await instance().gantry(["apply", "--wait"], { env: { COLOUR: "red" } });
      expect(red.code).toBe(1);
      expect(red.stderr).toContain("did not become healthy");
    });
    expect(new Set(during)).toEqual(new Set(["green\n"]));
  });
});

describe.skipIf(!HAS_NGINX)("behind nginx", () => {
  test("nginx-two-apps: paths choose the app, and a replaced app is found without a failed visit", async () => {
    await copyExample(instance(), "nginx-two-apps", { "8083:": 18443 });
    await instance().ok(["apply", "--wait", "--strict"]);
    expect(await read(18443, "/shop/cart")).toMatch(/^the shop on \S+: \/shop\/cart\n$/);
    expect(await read(18443, "/blog/today")).toMatch(/^the blog, first edition on \S+: \/blog\/today\n$/);
    expect(await read(18443)).toBe("try /shop/ or /blog/\n");
    const [shop, nginx] = [
      await instance().pidOf("nginx-two-apps-shop-1"),
      await instance().pidOf("nginx-two-apps-nginx-1"),
    ];
    const seen = await visitsDuring(18443, "/blog/today", async () => {
      await instance().ok(["apply", "--wait"], { env: { EDITION: "second" } });
      await until("the second edition", async () => (await read(18443, "/blog/")).includes("second edition"));
    });
    expect(seen.filter((line) => !/^the blog, (first|second) edition on /.test(line))).toEqual([]);
    expect(await instance().pidOf("nginx-two-apps-shop-1")).toBe(shop);
    expect(await instance().pidOf("nginx-two-apps-nginx-1")).toBe(nginx);
  });
});
