import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { programPath } from "../../src/host/programs.ts";
import { archive, type ArchiveOptions, listChanges } from "../../src/image/archive.ts";
import { unpack } from "../../src/image/unpack.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "gantry-archiver-"));
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

const archiver = programPath("gantry-archiver");
/** First of the ids of a container. */
const IDS = 0x100000;

/** A tree with one of everything; `python3` makes what node cannot. */
function makeTree(folder: string): void {
  mkdirSync(folder);
  const script = `
import os, struct, sys
os.chdir(sys.argv[1])
open("file", "w").write("data"); os.chmod("file", 0o4711); os.utime("file", ns=(1, 1234567890123456789))
os.link("file", "zlinked"); os.symlink("../outside", "soft"); os.mkfifo("pipe"); os.mknod("null", 0o20666, os.makedev(1, 3))
os.setxattr("file", "user.note", b"\\0\\xff"); os.setxattr("file", "security.capability", struct.pack("<IIIIII", 0x3000001, 1, 0, 0, 0, ${IDS}))
os.mkdir("deep"); os.makedirs("deep/" + "n" * 150 + "/" + "m" * 150); open(b"deep/\\xff\\xfe", "w").close()
with open("sparse", "wb") as f: f.seek(5000000); f.write(b"end")
os.chown("deep", ${IDS} + 33, ${IDS} + 34)
os.mknod("gone", 0o20000, 0); os.link("gone", "deep/gone"); os.setxattr("deep", "trusted.overlay.opaque", b"y"); os.setxattr("deep", "trusted.overlay.impure", b"y")
os.utime("deep", ns=(1, -5_000_000_001)); os.chmod(".", 0o1700)
`;
  execFileSync("python3", ["-c", script, folder]);
}

/** Everything that can be told of a tree, a line an entry. */
function describeTree(folder: string): readonly string[] {
  const script = `
import hashlib, os, stat, sys
os.chdir(sys.argv[1].encode())
inodes = {}
for at, folders, files in os.walk(b"."):
    for name in [b"."] * (at == b".") + folders + files:
        path = os.path.join(at, name); s = os.lstat(path)
        content = hashlib.sha256(open(path, "rb").read()).hexdigest()[:8] if stat.S_ISREG(s.st_mode) else os.readlink(path) if stat.S_ISLNK(s.st_mode) else ""
        attributes = sorted((key, os.getxattr(path, key, follow_symlinks=False)) for key in os.listxattr(path, follow_symlinks=False))
        print(path, oct(s.st_mode), s.st_uid, s.st_gid, s.st_rdev, s.st_mtime_ns, inodes.setdefault(s.st_ino, path) if s.st_nlink > 1 and not stat.S_ISDIR(s.st_mode) else "", content, attributes)
`;
  return execFileSync("python3", ["-c", script, folder], { encoding: "utf8" }).trim().split("\n").sort();
}

async function bytesOf(folder: string, options: Partial<ArchiveOptions>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive({ folders: [folder] }, { archiver, ...options })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("what the archiver packs the applier unpacks to the same tree, whiteouts and all; ids are counted from the range's first", async () => {
  const [from, to, again] = [join(base, "from"), join(base, "to"), join(base, "again")];
  makeTree(from);
  const tar = await bytesOf(from, { changes: true, idsFrom: IDS });
  for (const folder of [to, again]) mkdirSync(folder);
  await unpack(Readable.from([tar]), { applier: programPath("gantry-applier"), folder: to });
  const expected = describeTree(from).map((line) =>
    line
      .replace(` ${IDS + 33} ${IDS + 34} `, " 33 34 ")
      .replace("('trusted.overlay.impure', b'y'), ", "")
      // Version 3 with the range's first id, which only means something there, is version 2.
      .replace(/x01\\x00\\x00\\x03(.*?)\\x00\\x00\\x10\\x00'/, "x01\\x00\\x00\\x02$1'"),
  );
  // Each whiteout is made anew, and now.
  const whiteouts = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/(0o20000 0 0 0) .*/, "$1"));
  expect(whiteouts(describeTree(to))).toEqual(whiteouts(expected));
  expect((await bytesOf(to, { changes: true })).equals(tar)).toBe(true);
});

test("a path is found as the root's own programs find it, and never outside", async () => {
  const from = join(base, "from");
  makeTree(from);
  const names = async (path: string) =>
    execFileSync("tar", ["t"], { input: await bytesOf(from, { path }), encoding: "utf8" })
      .trim()
      .split("\n");
  expect(await names("/file")).toEqual(["file"]);
  expect(await names("/soft")).toEqual(["soft"]);
  expect((await names("/deep/."))[0]).toBe("./");
  await expect(names("/soft/.")).rejects.toMatchObject({ code: "path.not-found" });
  await expect(names("/../../../etc/hostname")).rejects.toMatchObject({ code: "path.not-found" });
  await expect(names("/file/x")).rejects.toMatchObject({ code: "path.not-found" });
});

test("changes are told against what lies below, an opaque folder's as all new", async () => {
  const [upper, below] = [join(base, "upper"), join(base, "below")];
  makeTree(upper);
  mkdirSync(join(below, "deep/n"), { recursive: true });
  mkdirSync(join(below, "gone"));
  const changes = await listChanges([upper, below], { archiver });
  const kinds = Object.fromEntries(changes.map(({ kind, path }) => [path, kind]));
  expect(kinds).toMatchObject({ "/deep": "changed", "/gone": "deleted", "/file": "added" });
  expect(Object.keys(kinds)).not.toContain("/deep/gone");
});

test("a process that is gone, or another than was meant, is not read", async () => {
  const process_ = { pid: process.pid, startTime: 1 };
  const read = async () => {
    for await (const chunk of archive({ process: process_ }, { archiver })) void chunk;
  };
  await expect(read()).rejects.toMatchObject({ code: "container.not-running" });
});
