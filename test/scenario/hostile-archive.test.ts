import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
} from "node:fs";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { paxHeader, tarEntry, tarOf } from "./tar-bytes.ts";

/** The program under test; the sanitized build can be put here. */
const APPLIER = process.env["GANTRY_TEST_APPLIER"] ?? resolve("native/build/gantry-applier");

let work: string;
let root: string;

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "gantry-hostile-"));
  root = join(work, "root");
  mkdirSync(root);
  writeFileSync(join(work, "outside"), "untouched");
  mkdirSync(join(work, "outside-folder"));
});

afterEach(() => {
  expect(readFileSync(join(work, "outside"), "utf8")).toBe("untouched");
  expect(statSync(join(work, "outside")).nlink).toBe(1);
  expect(readdirSync(join(work, "outside-folder"))).toEqual([]);
  expect(readdirSync(work).sort()).toEqual(["outside", "outside-folder", "root"]);
  spawnSync("rm", ["-rf", work]);
});

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function apply(archive: Buffer, ...options: readonly string[]): Promise<Result> {
  const child = spawn(APPLIER, [root, ...options], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined); // It may stop reading early; its exit status is what counts.
  child.stdin.end(archive);
  const [[code], stdout, stderr] = await Promise.all([
    once(child, "close") as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

async function accepted(
  archive: Buffer,
  ...options: readonly string[]
): Promise<{ entries: number; bytes: number }> {
  const result = await apply(archive, ...options);
  expect(result).toMatchObject({ code: 0, stderr: "" });
  return JSON.parse(result.stdout) as { entries: number; bytes: number };
}

/** Refused with exactly one line that says this. */
async function refused(archive: Buffer, words: string, ...options: readonly string[]): Promise<void> {
  const result = await apply(archive, ...options);
  expect(result.stderr).toContain(words);
  expect(result.stderr).toMatch(/^applier: [^\n]*\n$/);
  expect(result).toMatchObject({ code: 1, stdout: "" });
}

function inside(...names: readonly string[]): string {
  return join(root, ...names);
}

/** An extended attribute, as GNU tar sees it; undefined when it is not there. */
function xattr(path: string, name: string): string | undefined {
  const options = ["--xattrs", "--xattrs-include=*", "--no-recursion", "--format=pax"];
  const tar = spawnSync("tar", ["-c", ...options, "-f", "-", "-C", root, relative(root, path)]);
  expect(tar.status).toBe(0);
  const archive = tar.stdout.toString("latin1");
  const record = new RegExp(String.raw`(\d+) SCHILY\.xattr\.${name.replaceAll(".", String.raw`\.`)}=`).exec(
    archive,
  );
  if (record === null) return undefined;
  return archive.slice(record.index + record[0].length, record.index + Number(record[1]) - 1);
}

describe("names", () => {
  it("an absolute name lands inside the root", async () => {
    await accepted(tarOf({ name: `${work}/outside`, data: "evil" }));
    expect(readFileSync(inside(work, "outside"), "utf8")).toBe("evil");
  });

  it.each(["../outside", "a/../../outside", "..", "a/..", "/../outside", "./../outside"])(
    "%s is refused, and the message names the entry",
    async (name) => {
      await refused(tarOf({ name, data: "evil" }), `entry "${name}": its name contains ".."`);
    },
  );

  it("dots inside a name are just a name", async () => {
    await accepted(tarOf({ name: "..a/...b/c..", data: "fine" }));
    expect(readFileSync(inside("..a", "...b", "c.."), "utf8")).toBe("fine");
  });

  it("a name of only slashes and dots is the root, and only a folder can be that", async () => {
    await accepted(tarOf({ name: "././/", type: "5", mode: 0o751 }));
    expect(statSync(root).mode & 0o7777).toBe(0o751);
    await refused(tarOf({ name: "./." }), "has no name");
    await refused(tarOf({ name: "", type: "2", link: "x" }), "has no name");
  });

  it("a part of 256 bytes and a name of 4000 are refused before anything is made", async () => {
    await refused(tarOf(paxHeader([["path", "n".repeat(256)]]), { name: "x" }), "longer than 255 bytes");
    await refused(tarOf(paxHeader([["path", "d/".repeat(2000)]]), { name: "x" }), "longer than 3072 bytes");
    expect(readdirSync(root)).toEqual([]);
  });

  it("a name with control characters does not reach the terminal", async () => {
    await refused(tarOf({ name: "\u001b[2J\n/../x" }), String.raw`entry "\x1b[2J\x0a/../x": `);
  });

  it("bytes that are not UTF-8 stay as they are", async () => {
    await accepted(tarOf({ name: Buffer.from([0x61, 0xff, 0xfe]), data: "bytes" }));
    expect(readdirSync(root, { encoding: "buffer" }).map((name) => name.toString("hex"))).toEqual(["61fffe"]);
  });

  it("links cannot be used to build folders deeper than anybody can remove", async () => {
    const deep = "d/".repeat(1000);
    const steps = Array.from({ length: 4 }, (_, i) => [
      paxHeader([["path", `${i === 0 ? "" : `l${i - 1}/`}${deep}`]]),
      tarEntry({ name: "x", type: "5" }),
      paxHeader([["linkpath", `/${i === 0 ? "" : `l${i - 1}/`}${deep}`]]),
      tarEntry({ name: `l${i}`, type: "2" }),
    ]).flat();
    await refused(tarOf(...steps), "lies too deep");
  });
});

describe("symbolic links", () => {
  it("are kept as they are: absolute, dangling, escaping", async () => {
    await accepted(
      tarOf(
        { name: "absolute", type: "2", link: `${work}/outside` },
        { name: "dangling", type: "2", link: "nowhere" },
        { name: "escaping", type: "2", link: "../outside" },
      ),
    );
    expect(readlinkSync(inside("absolute"))).toBe(`${work}/outside`);
    expect(readlinkSync(inside("dangling"))).toBe("nowhere");
    expect(readlinkSync(inside("escaping"))).toBe("../outside");
  });

  it.each(["/", "../..", "../../../../../.."])(
    "writing through one to %s stays inside the root",
    async (link) => {
      const target = link === "/" ? `${work}/outside-folder` : "../outside-folder";
      await refused(
        tarOf({ name: "l", type: "2", link: target }, { name: "l/f", data: "evil" }),
        "leads nowhere",
      );
      await accepted(tarOf({ name: "m", type: "2", link }, { name: "m/f", data: "mine" }));
      expect(readFileSync(inside("f"), "utf8")).toBe("mine");
    },
  );

  it("one inside the layer leads where it would lead in the container", async () => {
    await accepted(
      tarOf(
        { name: "usr/lib", type: "5" },
        { name: "lib", type: "2", link: "/usr/lib" },
        { name: "lib/f", data: "through" },
      ),
    );
    expect(readFileSync(inside("usr/lib/f"), "utf8")).toBe("through");
    expect(lstatSync(inside("lib")).isSymbolicLink()).toBe(true);
  });

  it("a file of the same name replaces the link and does not write through it", async () => {
    const link = `${work}/outside`;
    await accepted(tarOf({ name: "f", type: "2", link }, { name: "f", data: "new" }));
    expect(lstatSync(inside("f")).isFile()).toBe(true);
    await accepted(tarOf({ name: "d", type: "2", link: `${work}/outside-folder` }, { name: "d", type: "5" }));
    expect(lstatSync(inside("d")).isDirectory()).toBe(true);
  });

  it("a link that changes between two entries does not carry the second one with it", async () => {
    await accepted(
      tarOf(
        { name: "a", type: "5" },
        { name: "l", type: "2", link: "a" },
        { name: "l/one", data: "1" },
        { name: "l", type: "2", link: "b" },
        { name: "b", type: "5" },
        { name: "l/two", data: "2" },
      ),
    );
    expect(readdirSync(inside("a"))).toEqual(["one"]);
    expect(readdirSync(inside("b"))).toEqual(["two"]);
  });

  it("a loop of links is refused", async () => {
    const loop = [
      { name: "a", type: "2", link: "b" },
      { name: "b", type: "2", link: "a" },
    ];
    await refused(tarOf(...loop, { name: "a/f" }), "leads in circles");
  });

  it("metadata of a link does not reach its target", async () => {
    chmodSync(join(work, "outside"), 0o640);
    await accepted(tarOf({ name: "l", type: "2", link: `${work}/outside`, mode: 0o777, uid: 7, gid: 8 }));
    expect(lstatSync(inside("l"))).toMatchObject({ uid: 7, gid: 8 });
    expect(statSync(join(work, "outside"))).toMatchObject({ uid: 0, mode: 0o100640 });
  });
});

describe("hard links", () => {
  it.each(["../outside", "/../outside", "a/../../outside"])("to %s is refused", async (link) => {
    await refused(tarOf({ name: "h", type: "1", link }), 'the target of the hard link contains ".."');
  });

  it("to an absolute name means inside the root, where there is no such file", async () => {
    await refused(tarOf({ name: "h", type: "1", link: `${work}/outside` }), "not in the archive");
  });

  it("through a symbolic link stays inside the root", async () => {
    await refused(
      tarOf({ name: "l", type: "2", link: work }, { name: "h", type: "1", link: "l/outside" }),
      "not in the archive",
    );
    await refused(
      tarOf({ name: "m", type: "2", link: ".." }, { name: "h", type: "1", link: "m/outside" }),
      "not in the archive",
    );
  });

  it("to a symbolic link links the link, not what it leads to", async () => {
    await accepted(
      tarOf(
        { name: "l", type: "2", link: `${work}/outside` },
        { name: "h", type: "1", link: "l" },
        { name: "h", data: "x" },
      ),
    );
    expect(readlinkSync(inside("l"))).toBe(`${work}/outside`);
    expect(readFileSync(inside("h"), "utf8")).toBe("x");
  });

  it("to a file of the archive shares its inode; to itself changes nothing", async () => {
    await accepted(
      tarOf(
        { name: "d/f", data: "shared" },
        { name: "h", type: "1", link: "/d/f" },
        { name: "h", type: "1", link: "./h" },
      ),
    );
    expect(statSync(inside("h")).ino).toBe(statSync(inside("d/f")).ino);
  });

  it("to a folder, or to nothing, is refused", async () => {
    await refused(
      tarOf({ name: "d", type: "5" }, { name: "h", type: "1", link: "d" }),
      "a hard link to a folder",
    );
    await refused(tarOf({ name: "h", type: "1", link: "" }), "not in the archive");
  });
});

describe("what else a layer may hold", () => {
  it("devices and pipes are made as they are; the runtime decides who may open them", async () => {
    await accepted(
      tarOf(
        { name: "null", type: "3", major: 1, minor: 3, mode: 0o666, gid: 5 },
        { name: "disk", type: "4", major: 8, minor: 0, mode: 0o600 },
        { name: "pipe", type: "6", mode: 0o640 },
      ),
    );
    expect(lstatSync(inside("null"))).toMatchObject({ rdev: 0x103, gid: 5, mode: 0o20666 });
    expect(lstatSync(inside("disk")).isBlockDevice()).toBe(true);
    expect(lstatSync(inside("pipe")).isFIFO()).toBe(true);
  });

  it("setuid, setgid and sticky bits survive the change of owner", async () => {
    await accepted(
      tarOf(
        { name: "su", mode: 0o4755, uid: 1000, gid: 1000, data: "x" },
        { name: "sg", mode: 0o2755, uid: 0, gid: 42 },
        { name: "sticky", type: "5", mode: 0o1777 },
      ),
    );
    expect(statSync(inside("su"))).toMatchObject({ mode: 0o104755, uid: 1000, gid: 1000 });
    expect(statSync(inside("sg")).mode).toBe(0o102755);
    expect(statSync(inside("sticky")).mode).toBe(0o041777);
  });

  it("whiteouts take overlay's form, and hide lower layers only", async () => {
    await accepted(
      tarOf(
        { name: "d/.wh.gone" },
        { name: "o/.wh..wh..opq" },
        { name: "d/.wh..wh.plnk" },
        { name: "kept", data: "mine" },
        { name: ".wh.kept" },
        { name: "again/.wh.x" },
        { name: "again/x", type: "5" },
      ),
    );
    expect(lstatSync(inside("d/gone"))).toMatchObject({ rdev: 0 });
    expect(lstatSync(inside("d/gone")).isCharacterDevice()).toBe(true);
    expect(readdirSync(inside("d"))).toEqual(["gone"]);
    expect(xattr(inside("o"), "trusted.overlay.opaque")).toBe("y");
    expect(readFileSync(inside("kept"), "utf8")).toBe("mine");
    expect(xattr(inside("again/x"), "trusted.overlay.opaque")).toBe("y");
  });

  it.each([".wh.", ".wh..", ".wh..."])("a whiteout %s of nothing is refused", async (name) => {
    await refused(tarOf({ name }), "a whiteout of nothing");
  });

  it("extended attributes are set; overlay's own are not the archive's to set", async () => {
    const capability = Buffer.from("0000000200040000000000000000000000000000", "hex");
    capability.writeUInt32LE(0x02000000, 0);
    await accepted(
      tarOf(
        paxHeader([
          ["SCHILY.xattr.user.color", "blue\nand=green"],
          ["SCHILY.xattr.security.capability", capability],
          ["SCHILY.xattr.trusted.overlay.redirect", "/etc"],
          ["SCHILY.xattr.security.selinux", "whatever"],
        ]),
        { name: "f", uid: 9 },
        paxHeader([["SCHILY.xattr.trusted.overlay.opaque", "y"]]),
        { name: "d", type: "5" },
      ),
    );
    expect(xattr(inside("f"), "user.color")).toBe("blue\nand=green");
    expect(xattr(inside("f"), "security.capability")).toBe(capability.toString("latin1"));
    expect(xattr(inside("f"), "trusted.overlay.redirect")).toBeUndefined();
    expect(xattr(inside("d"), "trusted.overlay.opaque")).toBeUndefined();
  });

  it("a later entry replaces an earlier one, and two folders become one", async () => {
    await accepted(
      tarOf(
        { name: "f", data: "first and longer" },
        { name: "f", data: "second" },
        { name: "d", type: "5", mode: 0o700 },
        { name: "d/x", data: "kept" },
        { name: "d", type: "5", mode: 0o750, mtime: 5 },
        { name: "e", type: "5" },
        { name: "e", data: "a file now" },
      ),
    );
    expect(readFileSync(inside("f"), "utf8")).toBe("second");
    expect(readFileSync(inside("d/x"), "utf8")).toBe("kept");
    expect(statSync(inside("d"))).toMatchObject({ mode: 0o040750, mtimeMs: 5000 });
    expect(readFileSync(inside("e"), "utf8")).toBe("a file now");
  });

  it("a file in place of a folder that is not empty is refused", async () => {
    await refused(
      tarOf({ name: "d/x" }, { name: "d", data: "" }),
      "would replace a folder that is not empty",
    );
    await refused(tarOf({ name: "f" }, { name: "f/x" }), "something on its way is not a folder");
  });

  it("PAX gives long names, links, owners and times to the nanosecond", async () => {
    const name = `${"long/".repeat(60)}name`;
    const link = "t".repeat(300);
    await accepted(
      tarOf(
        paxHeader(
          [
            ["comment", "from git archive"],
            ["mtime", "1"],
          ],
          "g",
        ),
        paxHeader([
          ["path", name],
          ["uid", "3000000"],
          ["gid", "4000000"],
          ["mtime", "1234567890.123456789"],
        ]),
        { name: "short", data: "x", uid: 1 },
        paxHeader([
          ["linkpath", link],
          ["mtime", "-1.5"],
        ]),
        { name: "l", type: "2", link: "short" },
        { name: "global", data: "" },
      ),
    );
    const status = statSync(inside(name), { bigint: true });
    expect(status).toMatchObject({ uid: 3000000n, gid: 4000000n, mtimeNs: 1234567890123456789n });
    expect(readlinkSync(inside("l"))).toBe(link);
    expect(lstatSync(inside("l")).mtimeMs).toBe(-1500);
    expect(statSync(inside("global")).mtimeMs).toBe(1000);
  });

  it("GNU's long names and base-256 numbers are read", async () => {
    const name = `${"g".repeat(200)}/${"h".repeat(200)}`;
    await accepted(
      tarOf(
        { name: "././@LongLink", type: "L", data: `${name}\0` },
        { name: "g", data: "gnu", uid: 5_000_000 },
        { name: "././@LongLink", type: "K", data: `${"k".repeat(150)}\0` },
        { name: "l", type: "2", link: "k" },
      ),
    );
    expect(statSync(inside(name)).uid).toBe(5_000_000);
    expect(readlinkSync(inside("l"))).toBe("k".repeat(150));
  });
});

/** An old GNU sparse entry: one area of data at the very end. */
function sparse(size: number): Buffer {
  const patch = (header: Buffer): void => {
    header.write("ustar  \0", 257, "latin1");
    header.fill(0, 345, 500);
    header.write((size - 4).toString(8).padStart(11, "0"), 386, "latin1");
    header.write("00000000004", 398, "latin1");
    header[483] = 0x80;
    header.writeBigInt64BE(BigInt(size), 487);
  };
  return tarEntry({ name: "sparse", type: "S", data: "tail", patch });
}

describe("archives that want too much", () => {
  const TEN_GB = 10 * 1024 ** 3;

  it("a sparse entry of 10 GB takes a few blocks of disk", async () => {
    expect(await accepted(tarOf(sparse(7 * 1024 ** 3)))).toEqual({ entries: 1, bytes: 4 });
    expect(statSync(inside("sparse")).size).toBe(7 * 1024 ** 3);
    expect(statSync(inside("sparse")).blocks * 512).toBeLessThan(1024 * 1024);
    const records: [string, string][] = [
      ["GNU.sparse.major", "1"],
      ["GNU.sparse.minor", "0"],
      ["GNU.sparse.name", "pax"],
      ["GNU.sparse.realsize", String(TEN_GB)],
    ];
    const map = Buffer.alloc(512);
    map.write(`1\n${TEN_GB - 4}\n4\n`);
    await accepted(tarOf(paxHeader(records), { name: "x", data: Buffer.concat([map, Buffer.from("tail")]) }));
    expect(statSync(inside("pax")).size).toBe(TEN_GB);
    expect(statSync(inside("pax")).blocks * 512).toBeLessThan(1024 * 1024);
  });

  it("a sparse entry larger than the limit is refused", async () => {
    await refused(
      tarOf(sparse(7 * 1024 ** 3)),
      "a sparse file of 7516192768 bytes",
      "--max-bytes",
      "1000000",
    );
  });

  it.each([
    ["overlapping", "0,4,2,4", "8"],
    ["outside the file", "100,4", "50"],
    ["overflowing", "9223372036854775807,4", "9223372036854775807"],
    ["not of numbers", "0,x", "50"],
    ["with half a pair", "0", "50"],
    ["of other length than the data", "0,400", "500"],
  ])("a sparse map %s is refused", async (_what, map, size) => {
    const records: [string, string][] = [
      ["GNU.sparse.size", size],
      ["GNU.sparse.map", map],
    ];
    const result = await apply(tarOf(paxHeader(records), { name: "x", data: "12345678" }));
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^applier: entry "x": .*(sparse|PAX|limit).*\n$/);
  });

  it("a 10 GB file that is announced is refused before it is read", async () => {
    await refused(tarOf({ name: "big", size: TEN_GB }), "larger than the limit", "--max-bytes", "1000000");
  });

  it("many files are refused once their sum is too much", async () => {
    const file = { name: "f", data: Buffer.alloc(600) };
    await refused(tarOf(file, file), "holds more than 1000 bytes", "--max-bytes", "1000");
  });

  it("too many entries are refused", async () => {
    await refused(
      tarOf({ name: "a" }, { name: "b" }, { name: "c" }),
      "more than 2 entries",
      "--max-entries",
      "2",
    );
  });

  it("headers about nothing cannot go on for ever", async () => {
    const headers = Array.from({ length: 100 }, () => paxHeader([["comment", "x"]]));
    await refused(tarOf(...headers), "more than 2 entries", "--max-entries", "2");
  });

  it("a PAX header of more than a megabyte is refused", async () => {
    await refused(
      tarOf({ name: "p", type: "x", size: 1 << 30 }),
      "a PAX header is longer than 1048576 bytes",
    );
    const big = paxHeader([["comment", "x".repeat(600_000)]], "g");
    await refused(tarOf(big, big), "the global PAX header is longer");
  });
});

describe("damaged archives", () => {
  const good = tarOf({ name: "d", type: "5" }, { name: "d/f", data: "x".repeat(1500) });

  it("cut anywhere they are refused", async () => {
    for (const length of [0, 1, 511, 512, 1000, 1024, 1100, 2500, 2560]) {
      await refused(good.subarray(0, length), "truncated");
    }
  });

  it("one block of zeros and the end is an end", async () => {
    await accepted(good.subarray(0, good.length - 512));
  });

  it("what follows the end is read but not used", async () => {
    await accepted(Buffer.concat([good, tarEntry({ name: "../late", data: "x" })]));
    expect(readdirSync(root)).toEqual(["d"]);
  });

  it("a wrong checksum is refused", async () => {
    const damaged = Buffer.from(good);
    damaged.write("e", 0);
    await refused(damaged, "checksum is wrong");
  });

  it("garbage is refused", async () => {
    await refused(Buffer.from("#!/bin/sh\necho this is no archive\n".repeat(100)), "not a tar archive");
    await refused(Buffer.alloc(4096, 0xff), "not a tar archive");
  });

  it.each<readonly [string, (header: Buffer) => void]>([
    ["a negative size", (header) => header.fill(0xff, 124, 136)],
    ["a size beyond 2^63", (header) => header.fill(0x7f, 125, 136).writeUInt8(0x80, 124)],
    ["letters for a size", (header) => header.write("not a number", 124)],
    ["an owner of -1", (header) => header.fill(0xff, 108, 116)],
    ["an unknown type", (header) => header.write("Q", 156)],
    ["a second volume", (header) => header.write("M", 156)],
  ])("%s is refused", async (_what, patch) => {
    await refused(tarOf({ name: "f", patch }), "applier: ");
  });

  it.each([
    ["that is longer than it says", "99 path=x\n"],
    ["of length zero", "0 path=x\n"],
    ["shorter than its own number", "3 p=x\n"],
    ["without an equals sign", "9 path x\n"],
    ["without a newline", "9 path=xx"],
    ["without a key", "5 =x\n"],
    ["with a huge length", "99999999999999999999 path=x\n"],
    ["with a negative length", "-9 path=x\n"],
    ["with a NUL in the name", "11 path=a\0b\n"],
    ["with an owner that is none", "9 uid=-1\n"],
    ["with a time that is none", "13 mtime=1.x\n"],
  ])("a PAX record %s is refused", async (_what, records) => {
    await refused(tarOf({ name: "p", type: "x", data: records }, { name: "f" }), "applier: ");
  });

  it("a single bit that is wrong never breaks out, crashes or hangs", async () => {
    const archive = tarOf(
      paxHeader([
        ["path", "some/where"],
        ["SCHILY.xattr.user.a", "b"],
        ["mtime", "1.5"],
      ]),
      { name: "x", data: "data" },
      { name: "l", type: "2", link: "../outside-folder" },
      { name: "l/x", data: "evil" },
    );
    let seed = 20251124;
    for (let round = 0; round < 150; round += 1) {
      const damaged = Buffer.from(archive);
      for (let flip = 0; flip < 3; flip += 1) {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        const at = (seed >>> 8) % archive.length;
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (seed & 7));
      }
      repairChecksums(damaged);
      const { code, stderr } = await apply(damaged);
      expect([0, 1]).toContain(code);
      expect(stderr.split("\n").length).toBeLessThanOrEqual(2);
      rmSync(root, { recursive: true });
      mkdirSync(root);
    }
  });
});

/** Makes every 512-byte block a header with a right checksum, so that damage gets past that check. */
function repairChecksums(archive: Buffer): void {
  for (let at = 0; at + 512 <= archive.length; at += 512) {
    const block = archive.subarray(at, at + 512);
    if (!block.subarray(257, 262).equals(Buffer.from("ustar"))) continue;
    block.fill(" ", 148, 156);
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
      "latin1",
    );
  }
}

it("the applier reaches nothing outside even when asked for a folder that is not there", async () => {
  root = join(work, "root", "missing");
  await refused(tarOf({ name: "f" }), "cannot enter the folder");
  expect(existsSync(root)).toBe(false);
});
