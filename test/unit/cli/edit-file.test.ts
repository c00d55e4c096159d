import { chmod, lstat, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { editFile } from "../../../src/cli/edit-file.ts";
import { temporaryFolder } from "./temporary-folder.ts";

test("the new text keeps the file's mode, and a link to it stays a link", async () => {
  const folder = await temporaryFolder();
  const [file, link] = [join(folder, "real.yaml"), join(folder, "compose.yaml")];
  await writeFile(file, "replicas: 1\n");
  await chmod(file, 0o640);
  await symlink("real.yaml", link);
  await editFile(link, (text) => text.replace("1", "3"));
  expect(await readFile(file, "utf8")).toBe("replicas: 3\n");
  expect((await stat(file)).mode & 0o777).toBe(0o640);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await readdir(folder)).toHaveLength(2);
});

test("an edit that fails leaves the file alone, and nothing beside it", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "compose.yaml");
  await writeFile(file, "a");
  await expect(
    editFile(file, () => {
      throw new Error("no such service");
    }),
  ).rejects.toThrow("no such service");
  expect([await readFile(file, "utf8"), await readdir(folder)]).toEqual(["a", ["compose.yaml"]]);
});

test("what somebody else saves in the same moment is not lost", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "compose.yaml");
  await writeFile(file, "a");
  const edit = editFile(file, (text) => {
    writeFileSync(file, "theirs");
    return `${text}b`;
  });
  await expect(edit).rejects.toMatchObject({ code: "conflict" });
  expect([await readFile(file, "utf8"), await readdir(folder)]).toEqual(["theirs", ["compose.yaml"]]);
});
