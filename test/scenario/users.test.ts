import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { HAS_BUSYBOX, rootfs } from "./rootfs.fixture.ts";

const SLEEP = 'command: [sleep, "1000"]';

describe.skipIf(!HAS_BUSYBOX)("who and where a container's program is", () => {
  let instance: Instance;
  let services = "";
  beforeAll(async () => {
    instance = await Instance.open();
    await writeFile(join(instance.folder, "tools.tar"), rootfs());
    const service = (name: string, more: string): string =>
      `  ${name}: { image: tools, ${SLEEP}, ${more} }\n`;
    services =
      service("ann", "user: ann") +
      service("uid", 'user: "1000"') +
      service("pair", 'user: "1000:29"') +
      service("names", 'user: "ann:staff"') +
      service("stranger", 'user: "4711:815"') +
      service("folder", "working_dir: /made/for/me, environment: { PATH: /bin, HOSTNAME: mine, EMPTY: '' }") +
      service("root", "environment: [HOME=/elsewhere]") +
      '  entry: { image: tools, entrypoint: [sleep], command: ["1000"] }\n' +
      "  text: { image: tools, command: \"sleep '1000'\" }\n";
    await instance.apply(file());
  });
  afterAll(async () => {
    await instance.close();
  });

  function file(more = ""): string {
    return `name: who\nimages: { tools: { import: ./tools.tar } }\nservices:\n${services}${more}`;
  }
  async function inside(service: string, script: string): Promise<string> {
    return (await instance.ok(["exec", `who-${service}-1`, "sh", "-c", script])).trim();
  }

  test("by name or number: the groups and the home are the image's", async () => {
    const ann = "uid=1000(ann) gid=100(users) groups=29(audio),50(staff),100(users)";
    for (const service of ["ann", "uid"]) {
      expect(sorted(await inside(service, "id"))).toBe(ann);
      expect(await inside(service, "grep -c . /proc/1/status >/dev/null 2>&1; echo $HOME")).toBe("/home/ann");
    }
  });

  test("with a group of its own it is in that group alone", async () => {
    expect(await inside("pair", "id")).toBe("uid=1000(ann) gid=29(audio) groups=29(audio)");
    expect(await inside("names", "id")).toBe("uid=1000(ann) gid=50(staff) groups=50(staff)");
  });

  test("numbers nobody has a name for are fine, and live in /", async () => {
    expect(await inside("stranger", "id; echo $HOME")).toBe("uid=4711 gid=815 groups=815\n/");
  });

  test("the first process is that user too", async () => {
    const ids = (await inside("ann", "cat /proc/1/status")).match(/^[UG]id:.*$/gm);
    expect(ids).toEqual(["Uid:\t1000\t1000\t1000\t1000", "Gid:\t100\t100\t100\t100"]);
  });

  test("a user or group that the image does not know is an error that names it", async () => {
    for (const user of ["bert", "ann:nogroup"]) {
      await instance.write("compose.yaml", file(`  bad: { image: tools, ${SLEEP}, user: "${user}" }\n`));
      const { code, stdout, stderr } = await instance.gantry(["apply"]);
      expect({ code, text: `${stdout}${stderr}` }).toMatchObject({
        code: 1,
        text: expect.stringContaining(`no such user or group in the image: ${user}`) as string,
      });
    }
  });

  test("a missing working directory is made; the environment is what was said, and no more", async () => {
    expect(await inside("folder", "pwd; env | grep -v ^PWD | grep -v SHLVL | sort")).toBe(
      "/made/for/me\nEMPTY=\nHOME=/root\nHOSTNAME=mine\nPATH=/bin",
    );
    expect(await inside("root", "echo $HOME $PATH")).toBe(
      "/elsewhere /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    );
  });

  test("entry point and command make one command line, text is cut as a shell would", async () => {
    for (const service of ["entry", "text"])
      expect(await inside(service, "tr '\\0' ' ' < /proc/1/cmdline || cat /proc/1/cmdline")).toContain(
        "1000",
      );
    expect(await instance.running()).toHaveLength(9);
  });
});

/** `groups=` in order: the kernel keeps no order that anybody promised. */
function sorted(id: string): string {
  return id.replace(/groups=(.*)$/, (_, list: string) => {
    const entries = list.split(",").sort((a, b) => parseInt(a, 10) - parseInt(b, 10));
    return `groups=${entries.join(",")}`;
  });
}
