import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import type { Instance } from "./instance.ts";

const instance = instanceForEach();
const run = promisify(execFile);

/** Makes root.tgz in the spec folder: busybox and a file that says which root it is. */
async function makeRoot(owner: Instance, greeting: string): Promise<void> {
  const root = join(owner.base, "tiny");
  await mkdir(join(root, "bin"), { recursive: true });
  await copyFile("/bin/busybox", join(root, "bin/busybox"));
  for (const name of ["sh", "cat", "sleep", "ls"])
    await symlink("busybox", join(root, "bin", name)).catch(() => undefined);
  await writeFile(join(root, "greeting"), greeting);
  await run("tar", ["-C", root, "-czf", join(owner.folder, "root.tgz"), "."]);
}

function spec(image: string, more = ""): string {
  return `name: shop
${more}services:
  web:
    image: ${image}
    command: [sleep, "1000000"]
    stop_signal: SIGKILL
`;
}

test("an imported archive is an image to run, and cannot be removed while it is in use", async () => {
  await makeRoot(instance(), "hello\n");
  const id = (await instance().ok(["import", "root.tgz", "tiny:1"])).trim();
  expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await instance().ok(["images"])).toMatch(/^tiny +1 +[0-9a-f]{12} /m);
  expect((await instance().ok(["images", "-q"])).split("\n")).toContain(id.slice(7, 19));

  await instance().apply(spec("tiny:1"));
  expect(await instance().ok(["exec", "shop-web-1", "cat", "/greeting"])).toBe("hello\n");
  expect((await instance().gantry(["exec", "shop-web-1", "ls", "/home"])).code).not.toBe(0);

  const refused = await instance().gantry(["rmi", "tiny:1"]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("tiny:1 is used by 1 container");
  expect(await instance().ok(["rmi", "-f", "tiny:1"])).toBe("Untagged: tiny:1\n");
  expect(await instance().ok(["exec", "shop-web-1", "cat", "/greeting"])).toBe("hello\n"); // it runs on

  await instance().ok(["down"]);
  expect(await instance().ok(["rmi", id])).toContain(`Deleted: ${id}\n`);
  expect(await instance().ok(["images"])).not.toContain("tiny");
  expect((await instance().gantry(["rmi", "tiny:1"])).stderr).toContain("No such image: tiny:1");
});

test("a container writes into its own layer, never into the image", async () => {
  await makeRoot(instance(), "hello\n");
  await instance().ok(["import", "root.tgz", "tiny:1"]);
  await instance().apply(spec("tiny:1"));
  await instance().ok(["exec", "shop-web-1", "sh", "-c", "echo changed > /greeting"]);
  await instance().ok(["scale", "--no-edit", "web=2"]);
  expect(await instance().ok(["exec", "shop-web-1", "cat", "/greeting"])).toBe("changed\n");
  expect(await instance().ok(["exec", "shop-web-2", "cat", "/greeting"])).toBe("hello\n");
});

test("the same name imported again replaces the containers at the next apply", async () => {
  await makeRoot(instance(), "first\n");
  await instance().ok(["import", "root.tgz", "tiny:1"]);
  await instance().apply(spec("tiny:1"));
  const before = await instance().pidOf("shop-web-1");
  await makeRoot(instance(), "second\n");
  await instance().ok(["import", "root.tgz", "tiny:1"]);
  const { code, stdout } = await instance().gantry(["plan"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: expect.stringContaining("web.1  replace") as string });
  await instance().apply(spec("tiny:1"));
  expect(await instance().pidOf("shop-web-1")).not.toBe(before);
  expect(await instance().ok(["exec", "shop-web-1", "cat", "/greeting"])).toBe("second\n");
});

test("a file can say where its image is imported from", async () => {
  await makeRoot(instance(), "hello\n");
  const images = 'images:\n  "tiny:2": { import: ./root.tgz }\n';
  expect(await instance().apply(spec("tiny:2", images))).toContain("image tiny:2  imported");
  expect(await instance().ok(["exec", "shop-web-1", "cat", "/greeting"])).toBe("hello\n");
  expect(await instance().apply(spec("tiny:2", images))).toContain("nothing to do");
});

test("an archive from standard input", async () => {
  await makeRoot(instance(), "hello\n");
  const child = instance().start(["import", "-", "tiny:1"]);
  child.stdin?.end(await readFile(join(instance().folder, "root.tgz")));
  expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
  expect(await instance().ok(["images"])).toMatch(/^tiny +1 /m);
});

test("what is no archive becomes no image, and no container", async () => {
  await instance().write("junk", "this is no archive\n");
  const imported = await instance().gantry(["import", "junk", "tiny:1"]);
  expect(imported).toMatchObject({ code: 1, stdout: "" });
  expect(imported.stderr).toContain("the archive cannot be used");
  expect((await instance().gantry(["import", "nowhere.tgz", "tiny:1"])).stderr).toContain(
    "there is no such file",
  );
  await instance().write("compose.yaml", spec("tiny:1", 'images:\n  "tiny:1": { import: ./junk }\n'));
  const applied = await instance().gantry(["apply"]);
  expect(applied.code).toBe(1);
  expect(applied.stderr).toContain("the archive cannot be used");
  expect(await instance().running()).toEqual([]);
  expect(await instance().ok(["images"])).not.toContain("tiny");
});
