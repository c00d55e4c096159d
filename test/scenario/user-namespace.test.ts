import { execFileSync } from "node:child_process";
import { lstatSync, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { HAS_BUSYBOX } from "./rootfs.fixture.ts";

interface Inspected {
  readonly Gantry: { readonly UserNamespace: { readonly HostId: number; readonly Size: number } | null };
  readonly HostConfig: { readonly UsernsMode: string };
}

const SLEEP = 'image: host, command: [sleep, "1000"]';

/** A file system that cannot be mounted with mapped ids, at a folder of its own. */
async function ramfs(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "ramfs-"));
  execFileSync("mount", ["-t", "ramfs", "ramfs", path]);
  return {
    path,
    remove: async () => {
      execFileSync("umount", ["--lazy", path]);
      await rm(path, { recursive: true });
    },
  };
}

function hostIds(pid: number): string {
  const [, uids = "", gids = ""] =
    /^Uid:\t(.*)\nGid:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return [...new Set(`${uids}\t${gids}`.split("\t"))].join(" ");
}

describe("a container's root", () => {
  let instance: Instance;
  let unmappable: Awaited<ReturnType<typeof ramfs>>;
  const spec = (more = ""): string => `name: ids
services:
  one: { ${SLEEP}, volumes: ["./bound:/bound", "shared:/shared"], sysctls: { net.core.somaxconn: 77, kernel.msgmax: 9999 } }
  two: { ${SLEEP}, volumes: ["shared:/shared"] }
  reaped: { ${SLEEP}, init: true }
  nobody:
    image: host
    user: nobody
    command: [sh, -c, "echo reopened > /dev/stdout; echo as well > /dev/stderr; exec sleep 1000"]
  host: { ${SLEEP}, userns_mode: host, volumes: ["${unmappable.path}:/there"] }
  privileged: { ${SLEEP}, privileged: true }
  unmapped: { ${SLEEP}, volumes: ["${unmappable.path}:/there"] }
${more}volumes: { shared: }
`;
  beforeAll(async () => {
    instance = await Instance.open();
    unmappable = await ramfs();
    await writeFile(join(unmappable.path, "secret"), "of the host's root\n", { mode: 0o600 });
    await mkdir(join(instance.folder, "bound"));
    await writeFile(join(instance.folder, "bound", "secret"), "for the container\n", { mode: 0o600 });
    await instance.apply(spec());
  });
  afterAll(async () => {
    await instance.close();
    await unmappable.remove();
  });

  const inspect = (service: string): Promise<Inspected> => instance.get(`/containers/ids-${service}-1/json`);
  const baseOf = async (service: string): Promise<number> => {
    const { UserNamespace } = (await inspect(service)).Gantry;
    if (UserNamespace === null) throw new Error(`${service} has the host's ids`);
    return UserNamespace.HostId;
  };
  async function run(service: string, script: string, ...flags: readonly string[]): Promise<string> {
    const args = ["exec", ...flags, `ids-${service}-1`, "sh", "-c", script];
    const { stdout, stderr } = await instance.gantry(args);
    return `${stdout}${stderr}`.trim();
  }

  test("is an unprivileged id of the host, and in no two containers the same", async () => {
    const bases = await Promise.all(["one", "two", "reaped", "nobody", "unmapped"].map(baseOf));
    expect(new Set(bases).size).toBe(bases.length);
    for (const base of bases) expect(base >= 0x100000 && base % 0x10000 === 0).toBe(true);
    const [one = 0, , reaped = 0, nobody = 0] = bases;
    expect(hostIds(await instance.pidOf("ids-one-1"))).toBe(String(one));
    expect(hostIds(await instance.pidOf("ids-reaped-1"))).toBe(String(reaped));
    expect(hostIds(await instance.pidOf("ids-nobody-1"))).toBe(String(nobody + 65534));
    expect(await run("one", "cat /proc/self/uid_map /proc/self/gid_map; id -u; id -G")).toMatch(
      new RegExp(`^(\\s*0\\s+${one}\\s+65536\\n){2}0\\n0$`),
    );
  });

  test("owns what is root's on the host: the image, /dev, its hosts file", async () => {
    const paths = "/ /usr /usr/bin/env /etc/passwd /etc/hosts /dev /dev/null /dev/shm /dev/pts /dev/ptmx";
    expect(new Set((await run("one", `stat -c '%u:%g' ${paths}`)).split("\n"))).toEqual(new Set(["0:0"]));
  });

  test("owns the writable layer, whose files are its range's on the host", async () => {
    await run("one", "echo 1 > /mine; mkdir /theirs; chown 1000:50 /theirs");
    const { Id } = await instance.inspect("ids-one-1");
    const upper = join(instance.env["GANTRY_ROOT"] ?? "", "containers", Id, "upper");
    const base = await baseOf("one");
    const ids = (name: string): number[] => [
      lstatSync(join(upper, name)).uid,
      lstatSync(join(upper, name)).gid,
    ];
    expect(ids("")).toEqual([base, base]);
    expect(ids("mine")).toEqual([base, base]);
    expect(ids("theirs")).toEqual([base + 1000, base + 50]);
    expect(await run("one", "stat -c '%u:%g' /theirs")).toBe("1000:50");
  });

  test("reads and writes bind mounts as the host's root would, and their files keep sensible owners", async () => {
    expect(
      await run(
        "one",
        "cat /bound/secret; echo 1 > /bound/new; echo 2 > /bound/given; chown 1000:50 /bound/given",
      ),
    ).toBe("for the container");
    const made = statSync(join(instance.folder, "bound", "new"));
    expect([made.uid, made.gid]).toEqual([0, 0]);
    const given = statSync(join(instance.folder, "bound", "given"));
    expect([given.uid, given.gid]).toEqual([1000, 50]);
  });

  test("shares a named volume with containers of other ranges", async () => {
    expect(
      await run("one", "echo one > /shared/one; chmod 600 /shared/one; stat -c '%u:%g' /shared /shared/one"),
    ).toBe("0:0\n0:0");
    expect(await run("two", "cat /shared/one; echo two >> /shared/one; stat -c %u /shared/one")).toBe(
      "one\n0",
    );
    expect(await run("one", "cat /shared/one")).toBe("one\ntwo");
  });

  test("is stopped by the owner of a file where ids cannot be mapped, and that is said", async () => {
    expect(await run("unmapped", "stat -c %u /there/secret; cat /there/secret")).toMatch(
      /^65534\n.*Permission denied$/,
    );
    expect(await run("host", "cat /there/secret")).toBe("of the host's root");
    const log = readFileSync(join(instance.env["GANTRY_RUN"] ?? "", "daemon.log"), "utf8");
    expect(log.match(/behind [^ ]+ cannot map ids/g)).toEqual(["behind /there cannot map ids"]);
  });

  test("is the host's where the file says so, and inspect does too", async () => {
    for (const service of ["host", "privileged"]) {
      expect(hostIds(await instance.pidOf(`ids-${service}-1`))).toBe("0");
      const { HostConfig, Gantry } = await inspect(service);
      expect([HostConfig.UsernsMode, Gantry.UserNamespace]).toEqual(["host", null]);
    }
    const { HostConfig, Gantry } = await inspect("one");
    expect([HostConfig.UsernsMode, Gantry.UserNamespace?.Size]).toEqual(["", 65536]);
    expect(await instance.ok(["doctor"])).toMatch(/^user namespaces +ok /m);
  });

  test("runs set-user-ID programs and changes its user", async () => {
    await run("one", "cp /usr/bin/id /id; chmod 4755 /id");
    expect(await run("one", "/id -u; id -u", "-u", "nobody")).toBe("0\n65534");
    expect(await run("one", "setpriv --reuid 1000 --regid 50 --clear-groups id -u")).toBe("1000");
  });

  test("makes no user namespace in its own, no device node and no mount", async () => {
    expect(await run("one", "unshare -U true")).toMatch(/Operation not permitted/);
    expect(await run("one", "mknod /null c 1 3")).toMatch(/Operation not permitted/);
    expect(await run("one", "mount -t tmpfs none /mnt")).toMatch(/denied|permitted/);
  });

  test("has the kernel parameters of its own namespaces", async () => {
    expect(await run("one", "cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax")).toBe("77\n9999");
    expect(await run("one", "cat /proc/sys/net/ipv4/ping_group_range")).toBe("0\t65535");
  });

  test("leaves low ports to every user inside, and pings", async () => {
    const listen = "require('net').createServer().listen(80, () => { console.log('bound'); process.exit() })";
    expect(await run("one", `node -e "${listen}"`, "-u", "nobody")).toBe("bound");
    if (HAS_BUSYBOX) expect(await run("one", "busybox ping -c 1 127.0.0.1")).toContain("1 packets received");
  });

  test("lets every user write to the devices and to the standard output by name", async () => {
    expect(await run("nobody", "echo 1 > /dev/null && head -c 3 /dev/zero | wc -c")).toBe("3");
    expect(await run("nobody", "echo by name > /dev/stdout")).toBe("by name");
    expect(await run("one", "echo by name > /dev/stdout")).toBe("by name");
    expect(await run("one", "echo by name > /dev/stdout", "-u", "1000")).toBe("by name");
    const logs = await instance.gantry(["logs", "nobody"]);
    expect(logs.stdout).toContain("reopened");
    expect(logs.stderr).toContain("as well");
    const { stdout } = await instance.gantry(
      ["exec", "-i", "-u", "nobody", "ids-one-1", "cat", "/dev/stdin"],
      {
        stdin: "typed",
      },
    );
    expect(stdout).toBe("typed");
  });

  test("keeps its range over a restart; a replacement gets one, and none is lost", async () => {
    const before = await baseOf("two");
    await run("two", "echo kept > /kept");
    await instance.ok(["restart", "two"]);
    expect(await baseOf("two")).toBe(before);
    expect(await run("two", "cat /kept; stat -c %u /kept")).toBe("kept\n0");
    for (const value of ["a", "b", "c"])
      await instance.apply(spec(`  new: { ${SLEEP}, environment: { VALUE: ${value} } }\n`));
    const services = ["one", "two", "reaped", "nobody", "unmapped", "new"];
    const bases = await Promise.all(services.map(baseOf));
    expect(new Set(bases).size).toBe(services.length);
    expect(Math.max(...bases)).toBeLessThanOrEqual(0x100000 + services.length * 0x10000);
  });

  test("changes sides when the file does", async () => {
    await instance.apply(spec(`  side: { ${SLEEP} }\n`));
    expect(hostIds(await instance.pidOf("ids-side-1"))).toBe(String(await baseOf("side")));
    await instance.apply(spec(`  side: { ${SLEEP}, userns_mode: host }\n`));
    expect(hostIds(await instance.pidOf("ids-side-1"))).toBe("0");
  });
});

describe("where ids cannot be mapped", () => {
  test("containers run without a user namespace, with one warning and a line of doctor's", async () => {
    const instance = await Instance.open();
    const root = await ramfs();
    try {
      await symlink(root.path, instance.env["GANTRY_ROOT"] ?? "");
      await instance.apply(`name: old\nservices:\n  web: { ${SLEEP}, deploy: { replicas: 2 } }\n`);
      expect(hostIds(await instance.pidOf("old-web-1"))).toBe("0");
      const { HostConfig } = await instance.get<Inspected>("/containers/old-web-1/json");
      expect(HostConfig.UsernsMode).toBe("host");
      expect(await instance.ok(["doctor"])).toMatch(/^user namespaces +lacking .*cannot map/m);
      const log = readFileSync(join(instance.env["GANTRY_RUN"] ?? "", "daemon.log"), "utf8");
      expect(log.match(/without user namespaces/g)).toHaveLength(1);
    } finally {
      await instance.close();
      await root.remove();
    }
  });
});
