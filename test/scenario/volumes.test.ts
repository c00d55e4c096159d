import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { HAS_BUSYBOX, rootfs } from "./rootfs.fixture.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

function spec(more: string, image = "host"): string {
  return `name: files
services:
  box:
    image: ${image}
    command: [sleep, "1000"]
${more}`;
}

/** What a shell script prints inside, errors included. */
async function inside(script: string, ...flags: readonly string[]): Promise<string> {
  const { stdout, stderr } = await instance.gantry(["exec", ...flags, "files-box-1", "sh", "-c", script]);
  return `${stdout}${stderr}`.trim();
}

test("folders and files of the host: writable, read-only, and one inside another", async () => {
  await mkdir(join(instance.folder, "data"));
  await instance.write("one.txt", "one");
  await instance.apply(
    spec(`    volumes:
      - ./cache:/data/deep/cache
      - ./data:/data
      - ./data:/view:ro
      - ./one.txt:/etc/one.txt
`),
  );
  await inside("echo from inside > /data/a; echo x > /data/deep/cache/b; echo changed > /etc/one.txt");
  expect(await readFile(join(instance.folder, "data/a"), "utf8")).toBe("from inside\n");
  expect(await readFile(join(instance.folder, "cache/b"), "utf8")).toBe("x\n");
  expect(await readFile(join(instance.folder, "one.txt"), "utf8")).toBe("changed\n");
  expect(await inside("cat /view/a; touch /view/c")).toMatch(/^from inside\n.*Read-only file system$/);
  // What the host mounts or changes later is seen, as long as the folder is the same.
  await writeFile(join(instance.folder, "data/late"), "late");
  expect(await inside("cat /data/late /view/late")).toBe("latelate");
});

test("a source that is missing is made, or where the file says so an error that names it", async () => {
  await instance.apply(spec("    volumes: ['./made/for/you:/data']\n"));
  expect((await stat(join(instance.folder, "made/for/you"))).isDirectory()).toBe(true);
  await instance.write(
    "compose.yaml",
    spec(
      "    volumes: [{ type: bind, source: ./missing, target: /data, bind: { create_host_path: false } }]\n",
    ),
  );
  const { code, stdout, stderr } = await instance.gantry(["apply"]);
  expect({ code, text: `${stdout}${stderr}` }).toMatchObject({
    code: 1,
    text: expect.stringContaining(join(instance.folder, "missing")) as string,
  });
  expect(existsSync(join(instance.folder, "missing"))).toBe(false);
});

test("tmpfs has the size and the mode that were asked for, and starts empty every time", async () => {
  await instance.apply(
    spec(`    volumes:
      - { type: tmpfs, target: /scratch, tmpfs: { size: 1048576, mode: 0750 } }
`),
  );
  expect(await inside("stat -f -c %b*%S /scratch; stat -c %a /scratch")).toBe("256*4096\n750");
  expect(await inside("head -c 2000000 /dev/zero > /scratch/big")).toMatch(/No space left/);
  await instance.ok(["restart", "files-box-1"]);
  expect(await inside("ls -A /scratch")).toBe("");
});

test("a named volume outlives its container, is every user's to enter, and goes with down -v", async () => {
  const volume = "    volumes: [kept:/kept]\n";
  const named = "volumes: { kept: {} }\n";
  await instance.apply(spec(volume) + named);
  await inside("echo dear > /kept/a");
  const before = await instance.pidOf("files-box-1");
  await instance.apply(spec(`${volume}    environment: { NEW: "1" }\n    user: nobody\n`) + named);
  expect(await instance.pidOf("files-box-1")).not.toBe(before);
  expect(await inside("id -un; cat /kept/a; cat /etc/hosts /etc/resolv.conf > /dev/null")).toBe(
    "nobody\ndear",
  );
  const data = join(instance.base, "root/volumes/files_kept/data");
  await instance.ok(["down"]);
  expect(await readFile(join(data, "a"), "utf8")).toBe("dear\n");
  await instance.apply(spec(volume) + named);
  expect(await inside("cat /kept/a")).toBe("dear");
  await instance.ok(["down", "-v"]);
  expect(existsSync(data)).toBe(false);
});

test("device nodes on folders and volumes of the host do not open inside", async () => {
  await mkdir(join(instance.folder, "data"));
  execFileSync("mknod", ["-m", "666", join(instance.folder, "data/zero"), "c", "1", "5"]);
  await instance.apply(spec("    volumes: ['./data:/data', 'kept:/kept']\n") + "volumes: { kept: {} }\n");
  const kept = join(instance.base, "root/volumes/files_kept/data/zero");
  execFileSync("mknod", ["-m", "666", kept, "c", "1", "5"]);
  for (const path of ["/data/zero", "/kept/zero"])
    expect(await inside(`head -c 1 ${path} | wc -c`)).toMatch(/Permission denied/);
});

test("a folder that is renamed after its container started does not lead the container elsewhere", async () => {
  await mkdir(join(instance.folder, "data"));
  await instance.write("data/a", "mine");
  await instance.apply(spec("    volumes: ['./data:/data']\n"));
  await rename(join(instance.folder, "data"), join(instance.folder, "moved"));
  execFileSync("ln", ["-s", "/etc", join(instance.folder, "data")]);
  expect(await inside("ls /data")).toBe("a");
});

test.skipIf(!HAS_BUSYBOX)("device nodes in an image do not open inside", async () => {
  await writeFile(
    join(instance.folder, "tools.tar"),
    rootfs({ name: "zero", type: "3", mode: 0o666, major: 1, minor: 5 }),
  );
  await instance.apply(`${spec("", "tools")}images: { tools: { import: ./tools.tar } }\n`);
  expect(await inside("ls /zero; head -c 1 /zero")).toMatch(/^\/zero\n.*Permission denied/);
  expect(await inside("head -c 1 /dev/zero | wc -c")).toBe("1");
});

test.skipIf(!HAS_BUSYBOX).each(["proc", "sys", "dev"])(
  "an image whose /%s is a link to somewhere else is refused, and nothing runs",
  async (name) => {
    await writeFile(join(instance.folder, "trap.tar"), rootfs({ name, type: "2", link: "/etc" }));
    await instance.write("compose.yaml", `${spec("", "trap")}images: { trap: { import: ./trap.tar } }\n`);
    const { code, stdout, stderr } = await instance.gantry(["apply"]);
    expect({ code, text: `${stdout}${stderr}` }).toMatchObject({
      code: 1,
      text: expect.stringContaining(`/${name}`) as string,
    });
    expect(await instance.running()).toEqual([]);
  },
);

test.skipIf(!HAS_BUSYBOX)("links of an image lead mounts nowhere but into the container", async () => {
  await writeFile(
    join(instance.folder, "trap.tar"),
    rootfs(
      { name: "up", type: "2", link: "../../../../../.." },
      { name: "host", type: "2", link: instance.folder },
      { name: instance.folder.slice(1), type: "5" },
    ),
  );
  await instance.write("secret", "secret");
  await instance.apply(
    `${spec("    volumes: ['a:/up/placed', 'b:/host/placed']\n", "trap")}images: { trap: { import: ./trap.tar } }
volumes: { a: {}, b: {} }
`,
  );
  expect(existsSync("/placed")).toBe(false);
  expect(existsSync(join(instance.folder, "placed"))).toBe(false);
  expect(await inside(`ls -d /placed ${instance.folder}/placed; cat ${instance.folder}/secret`)).toMatch(
    /^\/placed\n.*placed\n.*No such file/,
  );
});

test.skipIf(!HAS_BUSYBOX)(
  "a new volume holds what the image has there, once; nocopy leaves that out",
  async () => {
    await writeFile(
      join(instance.folder, "box.tar"),
      rootfs(
        { name: "srv/data", type: "5", mode: 0o750, uid: 1000, gid: 100 },
        { name: "srv/data/first", data: "from the image", uid: 1000, gid: 100 },
      ),
    );
    await instance.ok(["import", join(instance.folder, "box.tar"), "box"]);
    const volumes = "    volumes: ['filled:/srv/data', 'plain:/plain:nocopy', 'bare:/srv/data2', PLACE]\n";
    const text = (place: string) =>
      `${spec(volumes.replace("PLACE", place), "box")}volumes: { filled: {}, plain: {}, bare: {} }\n`;
    await instance.apply(text("{ type: volume, target: /etc }"));
    expect(
      await inside(
        "stat -c '%a %u:%g' /srv/data; cat /srv/data/first; ls /plain /srv/data2; grep -c ann /etc/passwd",
      ),
    ).toBe("750 1000:100\nfrom the image/plain:\n\n/srv/data2:\n1");
    await inside("busybox rm /srv/data/first");
    await instance.apply(text("'plain:/srv/data2/below'"));
    expect(await inside("ls /srv/data")).toBe("");
  },
);
