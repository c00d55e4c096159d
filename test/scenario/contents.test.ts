import { execFileSync } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();
const SECRET = "correct horse battery staple";
const CONFIG = "listen = 8080";
const SLEEP = "image: host\n    command: [sleep, infinity]\n    stop_signal: SIGKILL\n";

const SPEC = `name: shop
services:
  web:
    ${SLEEP}    secrets:
      - password
      - { source: token, target: /etc/token, uid: "1000", gid: "1001", mode: 0440 }
    configs:
      - { source: app, target: /etc/app/app.conf, mode: 0644 }
  other:
    ${SLEEP}secrets:
  password: { file: ./password.txt }
  token: { environment: TOKEN }
configs:
  app: { content: "${CONFIG}" }
`;

async function inside(container: string, ...command: readonly string[]): Promise<string> {
  return (await instance().ok(["exec", container, ...command])).trim();
}

async function applyAll(secret = SECRET, spec = SPEC): Promise<string> {
  await instance().write("password.txt", secret);
  await instance().write("compose.yaml", spec);
  return await instance().ok(["apply", "--wait"], { env: { TOKEN: "a token" } });
}

test("configs and secrets are files with owner and mode, in memory, read-only, and only of who asks for them", async () => {
  await applyAll();
  expect(await inside("shop-web-1", "cat", "/run/secrets/password")).toBe(SECRET);
  expect(await inside("shop-web-1", "cat", "/etc/token")).toBe("a token");
  expect(await inside("shop-web-1", "cat", "/etc/app/app.conf")).toBe(CONFIG);
  const facts = ["stat", "-c", "%u %g %a"];
  expect(await inside("shop-web-1", ...facts, "/run/secrets/password")).toBe("0 0 444");
  expect(await inside("shop-web-1", ...facts, "/etc/token")).toBe("1000 1001 440");
  expect(await inside("shop-web-1", ...facts, "/etc/app/app.conf")).toBe("0 0 644");
  expect(await inside("shop-web-1", "stat", "-f", "-c", "%T", "/run/secrets/password")).toBe("tmpfs");
  const written = await instance().gantry(["exec", "shop-web-1", "sh", "-c", "echo x > /etc/token"]);
  expect(written.stderr).toContain("Read-only file system");
  expect((await instance().gantry(["exec", "shop-other-1", "ls", "/run/secrets"])).code).not.toBe(0);

  // What they hold is on no disk in clear, in no answer and no log.
  const root = instance().env["GANTRY_ROOT"] ?? "";
  const found = (text: string) => {
    try {
      return execFileSync("grep", ["-rlF", text, root, instance().env["GANTRY_RUN"] ?? ""], {
        encoding: "utf8",
      });
    } catch {
      return "";
    }
  };
  for (const text of [SECRET, "a token", CONFIG, Buffer.from(SECRET).toString("base64")])
    expect(found(text)).toBe("");
  for (const path of ["/containers/shop-web-1/json", "/gantry/v1/projects/shop"]) {
    const answer = JSON.stringify(await instance().get(path));
    for (const text of [SECRET, "a token", CONFIG]) expect(answer).not.toContain(text);
    expect(answer).not.toContain(Buffer.from(SECRET).toString("base64"));
  }
  expect((await stat(join(root, "contents.key"))).mode & 0o777).toBe(0o600);
  expect(await readdir(join(root, "contents"))).toHaveLength(3);
});

test("an edit of a secret rolls exactly the services that use it", async () => {
  await applyAll();
  const [web, other] = [await instance().pidOf("shop-web-1"), await instance().pidOf("shop-other-1")];
  await instance().write("password.txt", "another");
  const { stdout } = await instance().gantry(["plan"], { env: { TOKEN: "a token" } });
  expect(stdout).toContain("secret password changed");
  expect(stdout).not.toContain("another");
  await applyAll("another");
  expect(await inside("shop-web-1", "cat", "/run/secrets/password")).toBe("another");
  expect(await instance().pidOf("shop-web-1")).not.toBe(web);
  expect(await instance().pidOf("shop-other-1")).toBe(other);
  expect((await instance().gantry(["plan"], { env: { TOKEN: "a token" } })).code).toBe(0);

  // A container that is started again by a new daemon has them.
  await instance().endDaemon("SIGKILL");
  await instance().ok(["ps"]); // starts one
  await instance().ok(["restart", "web"]);
  await until("it to run", async () => (await instance().running()).length === 2);
  expect(await inside("shop-web-1", "cat", "/run/secrets/password")).toBe("another");
  // The password of before is kept for an undo, and goes with the project.
  const kept = async (): Promise<readonly string[]> =>
    await readdir(join(instance().env["GANTRY_ROOT"] ?? "", "contents"));
  expect(await kept()).toHaveLength(4);
  await instance().ok(["down"]);
  await instance().endDaemon("SIGKILL");
  await instance().ok(["ps"]);
  expect(await kept()).toEqual([]);
});
