import { chown, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { docker, HAS_DOCKER } from "./docker-command.ts";
import { Instance } from "./instance.ts";
import { HAS_BUSYBOX, rootfs } from "./rootfs.fixture.ts";
import { until } from "./until.ts";

let instance: Instance;
let failed = false;

const SPEC = `name: files
services:
  web:
    image: box
    command: ["sleep", "1000"]
    stop_grace_period: 0s
    environment: { COLOUR: blue }
    volumes: ["kept:/kept"]
volumes: { kept: {} }
`;
/** As the container's root: every kind of change that a layer can hold. */
const WORK = [
  "echo new >/etc/added; chmod 640 /etc/added",
  "busybox chown 1000:100 /etc/added",
  "busybox rm /etc/group",
  "busybox rm -r /home/ann; mkdir /home/ann; echo fresh >/home/ann/file",
  "busybox ln /etc/added /etc/linked; busybox ln -s added /etc/soft",
  "busybox mkfifo /tmp/pipe; busybox touch -d '2001-02-03 04:05:06' /etc/passwd",
  "echo kept >/kept/file",
].join(" && ");

beforeAll(async () => {
  if (!HAS_BUSYBOX) return;
  instance = await Instance.open();
  const archive = join(instance.folder, "rootfs.tar");
  await writeFile(archive, rootfs({ name: "home/ann/old", data: "old" }));
  await instance.ok(["import", archive, "box"]);
  await instance.apply(SPEC);
  await instance.ok(["exec", "web", "sh", "-c", WORK]);
});
afterAll(async () => {
  await instance?.close(failed);
});

/** Runs a command in an image of its own and returns what it printed. */
async function inImage(image: string, command: string): Promise<string> {
  const spec = `name: look\nservices:\n  one: { image: "${image}", command: [sh, -c, ${JSON.stringify(command)}], restart: "no" }\n`;
  const file = await instance.write("look.yaml", spec);
  await instance.ok(["apply", "--wait", "-f", file]);
  await until("its end", async () => !(await instance.running()).includes("look-one-1"));
  const printed = await instance.ok(["logs", "look-one-1"]);
  await instance.ok(["down", "-p", "look"]);
  return printed;
}

describe.skipIf(!HAS_BUSYBOX)("a container's files", () => {
  test("diff says what was added, changed and deleted, in docker's letters", async () => {
    const lines = (await instance.ok(["diff", "files-web-1"])).trim().split("\n");
    expect(lines).toEqual([
      "C /etc",
      "A /etc/added",
      "D /etc/group",
      "A /etc/linked",
      "C /etc/passwd",
      "A /etc/soft",
      "C /home",
      "C /home/ann",
      "A /home/ann/file",
      "A /kept",
      "C /tmp",
      "A /tmp/pipe",
    ]);
  });

  test("commit makes an image of them, with owners, links, deletions and what --change says", async () => {
    const says = ["ENV SIZE=big COLOUR=red", 'CMD ["cat", "/etc/added"]', "LABEL a=b"];
    const changes = says.flatMap((instruction) => ["-c", instruction]);
    const id = await instance.ok([
      "commit",
      "-a",
      "Ann",
      "-m",
      "by hand",
      ...changes,
      "files-web-1",
      "made:1",
    ]);
    expect(id).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    const image = await instance.get<{
      readonly Author: string;
      readonly Config: { readonly Env: readonly string[]; readonly Labels: object };
    }>("/images/made:1/json");
    expect(image).toMatchObject({
      Author: "Ann",
      Config: { Cmd: ["cat", "/etc/added"], Labels: { a: "b" } },
    });
    expect(image.Config.Env).toEqual(expect.arrayContaining(["COLOUR=red", "SIZE=big"]));
    expect(image.Config.Labels).toEqual({ a: "b" });
    const look = [
      "stat -c '%n %a %u:%g %h %F' /etc/added /etc/linked /etc/soft /tmp/pipe",
      "stat -c '%Y' /etc/passwd",
      "ls /etc/group /home/ann /kept 2>&1",
      "cat /etc/added",
    ].join("; ");
    expect((await inImage("made:1", look)).replace(/^.*?\| /gm, "")).toBe(
      [
        "/etc/added 640 1000:100 2 regular file",
        "/etc/linked 640 1000:100 2 regular file",
        "/etc/soft 777 0:0 1 symbolic link",
        "/tmp/pipe 644 0:0 1 fifo",
        "981173106",
        "ls: /etc/group: No such file or directory",
        "/home/ann:",
        "file",
        "",
        "/kept:",
        "new",
        "",
      ].join("\n"),
    );
    const history =
      await instance.get<readonly { CreatedBy: string; Comment: string }[]>("/images/made:1/history");
    expect(history[0]).toMatchObject({ CreatedBy: "sleep 1000", Comment: "by hand" });
  });

  test("a change that makes no sense makes no image", async () => {
    const { code, stderr } = await instance.gantry(["commit", "-c", "RUN x", "files-web-1", "bad:1"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('the change "RUN x" cannot be made');
    expect(await instance.ok(["images"])).not.toContain("bad");
  });

  test("an export holds everything but mounts, running or not", async () => {
    const names = async (): Promise<readonly string[]> => {
      const file = join(instance.folder, "all.tar");
      await instance.ok(["export", "-o", file, "files-web-1"]);
      return namesIn(await readFile(file));
    };
    const running = await names();
    expect(running).toContain("etc/added");
    expect(running).toContain("kept/");
    expect(running).not.toContain("kept/file");
    expect(running).not.toContain("etc/group");
    expect(running.filter((name) => name.startsWith("proc/"))).toEqual(["proc/"]);
    await instance.ok(["stop", "-t", "0", "files-web-1"]);
    expect(await names()).toEqual(running);
    await instance.ok(["start", "files-web-1"]);
  });

  test.skipIf(!HAS_DOCKER)("docker's client copies files out, volumes included", async () => {
    const copied = await docker(instance, "cp", "files-web-1:/etc/soft", join(instance.folder, "soft"), "-L");
    expect(copied).toMatchObject({ code: 0 });
    expect(await readFile(join(instance.folder, "soft"), "utf8")).toBe("new\n");
    await docker(instance, "cp", "files-web-1:/kept", join(instance.folder, "kept"));
    expect(await readFile(join(instance.folder, "kept/file"), "utf8")).toBe("kept\n");
    const none = await docker(instance, "cp", "files-web-1:/nothing", instance.folder);
    expect(none).toMatchObject({ code: 1 });
  });

  test.skipIf(!HAS_DOCKER)(
    "docker's client copies files in, under the container's ids, running or not",
    async () => {
      const folder = join(instance.folder, "in");
      await mkdir(join(folder, "sub"), { recursive: true });
      await writeFile(join(folder, "sub/.wh.name"), "plain");
      await chown(join(folder, "sub/.wh.name"), 7, 8);
      await symlink("/etc/../../etc", join(folder, "out"));
      const put = (...words: readonly string[]) => docker(instance, "cp", ...words);
      expect(await put(folder, "files-web-1:/tmp/in")).toMatchObject({ code: 0 });
      expect(await put(`${folder}/.`, "files-web-1:/kept")).toMatchObject({ code: 0 });
      const look = ["stat", "-c", "%n %u:%g %F", "/tmp/in/sub/.wh.name", "/kept/sub/.wh.name", "/tmp/in/out"];
      const seen =
        "/tmp/in/sub/.wh.name 7:8 regular file\n/kept/sub/.wh.name 7:8 regular file\n/tmp/in/out 0:0 symbolic link\n";
      expect(await instance.ok(["exec", "web", ...look])).toBe(seen);
      expect(await put(folder, "files-web-1:/tmp/in/sub/.wh.name")).toMatchObject({ code: 1 });

      await docker(
        instance,
        "create",
        "--name",
        "later",
        "box",
        "stat",
        "-c",
        "%n %u:%g %a",
        "/etc",
        "/etc/sub/.wh.name",
        "/home/ann",
      );
      expect(await put(`${folder}/.`, "later:/etc")).toMatchObject({ code: 0 });
      expect(await put(folder, "later:/home/ann/new")).toMatchObject({ code: 0 });
      expect((await docker(instance, "start", "-a", "later")).stdout).toBe(
        "/etc 0:0 755\n/etc/sub/.wh.name 7:8 644\n/home/ann 1000:100 755\n",
      );
      await docker(instance, "rm", "later");
    },
  );

  test("cp copies both ways, whole folders and single files, to new names and old, and as archives", async () => {
    const cp = async (...words: readonly string[]) => await instance.ok(["cp", ...words]);
    await mkdir(join(instance.folder, "site/deep"), { recursive: true });
    await writeFile(join(instance.folder, "site/deep/page"), "hello");
    await cp("site", "files-web-1:/tmp");
    await cp("site/.", "files-web-1:/tmp/other");
    await cp("site/deep/page", "files-web-1:/tmp/one");
    await cp("files-web-1:/tmp/other", "back");
    await cp("files-web-1:/tmp/site/deep/page", "back/deep/again");
    await cp("-L", "files-web-1:/etc/soft", "led");
    expect(await instance.ok(["exec", "web", "cat", "/tmp/site/deep/page", "/tmp/one"])).toBe("hellohello");
    expect(await readFile(join(instance.folder, "back/deep/page"), "utf8")).toBe("hello");
    expect(await readFile(join(instance.folder, "back/deep/again"), "utf8")).toBe("hello");
    expect(await readFile(join(instance.folder, "led"), "utf8")).toBe("new\n");
    expect(namesIn(Buffer.from(await cp("files-web-1:/tmp/site", "-"), "latin1"))).toEqual([
      "site/",
      "site/deep/",
      "site/deep/page",
    ]);
    const missing = await instance.gantry(["cp", "files-web-1:/nothing", "here"]);
    expect(missing.stderr).toContain("the path cannot be read: No such file or directory");
  });

  test("the daemon's death in the middle of a commit leaves no image, and no container that stands still", async () => {
    await instance.ok(["exec", "web", "sh", "-c", "head -c 300000000 /dev/urandom >/tmp/much"]);
    const before = await instance.ok(["images", "-q"]);
    const pid = await instance.pidOf("files-web-1");
    const commit = instance.gantry(["commit", "files-web-1", "half:1"]);
    await until(
      "it to stand still",
      async () => (await instance.containers()).get("files-web-1")?.State === "paused",
    );
    await instance.endDaemon("SIGKILL");
    expect((await commit).code).not.toBe(0);
    expect(await instance.ok(["images", "-q"])).toBe(before);
    expect((await instance.containers()).get("files-web-1")?.State).toBe("running");
    expect(await instance.pidOf("files-web-1")).toBe(pid);
    await instance.ok(["exec", "web", "true"]);
  });
});

/** Names in a tar whose headers need no more than ustar, sorted. */
function namesIn(tar: Buffer): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + 512);
    const size = Number.parseInt(header.toString("latin1", 124, 135), 8);
    if (header[156] !== "x".charCodeAt(0)) names.push(header.toString("latin1", 0, 100).replace(/\0.*$/, ""));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return names.sort();
}
