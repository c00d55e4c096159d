import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Contents } from "../../../src/runtime/contents.ts";

const SECRET = Buffer.from("s3cret, and a zero byte: \0");

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "gantry-contents-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("what is put is got back, by this daemon and the next, and lies encrypted", async () => {
  const root = await folder();
  const name = await new Contents(root).put(SECRET);
  expect(Buffer.from(await new Contents(root).get(name))).toEqual(SECRET);
  const file = await readFile(join(root, "contents", name));
  expect(file.includes("s3cret")).toBe(false);
  expect((await stat(join(root, "contents", name))).mode & 0o777).toBe(0o600);
  expect((await stat(join(root, "contents.key"))).mode & 0o777).toBe(0o600);
});

test("equal contents have one name, which only this instance can make", async () => {
  const [one, two] = [new Contents(await folder()), new Contents(await folder())];
  expect(await one.put(SECRET)).toBe(await one.nameOf(SECRET));
  expect(await one.nameOf(SECRET)).not.toBe(await two.nameOf(SECRET));
});

test("a file that was changed, exchanged or cut is refused", async () => {
  const root = await folder();
  const contents = new Contents(root);
  const [name, other] = [await contents.put(SECRET), await contents.put(Buffer.from("other"))];
  const path = join(root, "contents", name);
  const sound = await readFile(path);
  const flipped = Buffer.from(sound);
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
  for (const bytes of [flipped, sound.subarray(0, 20), await readFile(join(root, "contents", other))]) {
    await writeFile(path, bytes);
    await expect(contents.get(name)).rejects.toMatchObject({
      code: "internal",
      next: "apply the project again",
    });
  }
  await expect(contents.get("../contents.key")).rejects.toThrow("not the name of a content");
});

test("what nobody refers to is forgotten", async () => {
  const root = await folder();
  const contents = new Contents(root);
  const [kept] = [await contents.put(SECRET), await contents.put(Buffer.from("gone"))];
  await contents.keepOnly(new Set([kept]));
  expect(await readdir(join(root, "contents"))).toEqual([kept]);
});
