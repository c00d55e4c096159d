import { execFile } from "node:child_process";
import { readFile, readlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import type { CommandResult } from "./instance.ts";
import { instanceForEach } from "./instance-for-each.ts";
import { machineryOf } from "./machinery.ts";
import { HAS_BUSYBOX, rootfs } from "./rootfs.fixture.ts";
import type { TarEntry } from "./tar-bytes.ts";
import { until } from "./until.ts";

const LAUNCHER = fileURLToPath(new URL("../../native/build/gantry-launcher", import.meta.url));
const run = promisify(execFile);
const SLEEP = 'command: [sleep, "1000"]';

/** Holes that other runtimes had, each tried on ours. */
describe.skipIf(!HAS_BUSYBOX)("holes of other runtimes", () => {
  const instance = instanceForEach();

  /** Applies services of a busybox image with these entries besides. */
  async function attempt(services: string, ...entries: readonly TarEntry[]): Promise<CommandResult> {
    await writeFile(join(instance().folder, "tools.tar"), rootfs(...entries));
    const images = "images: { tools: { import: ./tools.tar } }";
    await instance().write("compose.yaml", `name: holes\n${images}\nservices:\n${services}`);
    return await instance().gantry(["apply", "--wait"]);
  }
  /** The same, where nothing may fail. */
  async function apply(services: string, ...entries: readonly TarEntry[]): Promise<void> {
    expect(await attempt(services, ...entries)).toMatchObject({ code: 0 });
  }
  async function inside(service: string, script: string): Promise<string> {
    return (await instance().ok(["exec", `holes-${service}-1`, "sh", "-c", script])).trim();
  }

  test("CVE-2019-5736: the program that enters a container cannot be written from there", async () => {
    const before = await readFile(LAUNCHER);
    // Its root is the host's, and it tries whatever is not a program of its own, for as long as it runs.
    const attack = [
      "echo trying",
      "while :; do for p in /proc/[0-9]*/exe; do case $(readlink $p) in",
      "/bin/busybox|'') ;; *) (: >>$p) 2>/dev/null && echo WRITTEN $p ;;",
      "esac; done; done",
    ].join("\n");
    await apply("  box: { image: tools, userns_mode: host, command: [sh, /attack] }\n", {
      name: "attack",
      data: attack,
    });
    await until("the attack", async () => (await instance().ok(["logs", "box"])).includes("trying"));
    for (let i = 0; i < 10; i++) await instance().ok(["exec", "holes-box-1", "true"]);
    expect(await instance().ok(["logs", "box"])).not.toContain("WRITTEN");
    const { launcher, shims } = await machineryOf(instance().base);
    expect({ launcher: launcher.length, shims: shims.length }).toEqual({ launcher: 1, shims: 1 });
    for (const pid of [...launcher, ...shims]) {
      expect(await readlink(`/proc/${pid}/exe`)).toMatch(/^\/memfd:gantry-launcher/);
      await expect(writeFile(`/proc/${pid}/exe`, "#!", { flag: "r+" })).rejects.toThrow(/ETXTBSY|EPERM/);
    }
    expect((await readFile(LAUNCHER)).equals(before)).toBe(true);
  });

  test("CVE-2020-8558: what listens on the host's loopback is not reached by way of the gateway", async () => {
    let visits = 0;
    const server = createServer((socket) => {
      visits++;
      socket.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    await apply(`  box: { image: tools, ${SLEEP}, cap_add: [NET_ADMIN] }\n`);
    const gateway = await inside("box", "busybox ip route | busybox awk '/^default/ { print $3 }'");
    expect(gateway).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    // The packet for 127.0.0.1 is sent over the link, as the hole's exploit does, and to the gateway's own address.
    const tries = [
      "busybox ip route del local 127.0.0.0/8 table local",
      "busybox ip addr del 127.0.0.1/8 dev lo",
      `busybox ip route add 127.0.0.0/8 via ${gateway}`,
      `echo | busybox timeout 2 busybox nc 127.0.0.1 ${port}`,
      `echo | busybox timeout 2 busybox nc ${gateway} ${port}`,
    ];
    await inside("box", `${tries.map((one) => `{ ${one}; }`).join("; ")} 2>/dev/null; true`);
    expect(visits).toBe(0);
    expect(await inside("box", "cat /proc/sys/net/ipv4/conf/*/route_localnet | sort -u")).toBe("0");
  });

  test("CVE-2021-30465: a mount's place that is exchanged for a symlink leads nowhere outside", async () => {
    const before = await readFile("/proc/self/mountinfo", "utf8");
    const swap = "while :; do ln -sfn / /v/l; busybox rm -f /v/l; mkdir /v/l; busybox rm -rf /v/l; done";
    // those that met the link in the middle may say so
    await attempt(
      `  swap: { image: tools, command: [sh, -c, '${swap}'], volumes: ["v:/v"] }
  box: { image: tools, ${SLEEP}, volumes: ["v:/v", "w:/v/l/marked"], restart: "no", scale: 12 }
  still: { image: tools, ${SLEEP}, volumes: ["w:/out/marked"] }
volumes: { v: {}, w: {} }
`,
      { name: "out", type: "2", link: "../../../../../../../../tmp" },
    );
    expect(await readFile("/proc/self/mountinfo", "utf8")).toBe(before);
    // A link that stands still is followed, inside.
    expect(await inside("still", "grep -c ' /tmp/marked ' /proc/self/mountinfo")).toBe("1");
    const { launcher } = await machineryOf(instance().base);
    expect(launcher).toHaveLength(1);
    expect(await readFile(`/proc/${launcher[0] ?? 0}/mountinfo`, "utf8")).not.toContain("marked");
  });

  test("CVE-2024-21626: no descriptor leads out, whatever the working folder", async () => {
    await apply(`  box: { image: tools, userns_mode: host, ${SLEEP} }\n`);
    const fds = await inside("box", "ls /proc/self/fd /proc/1/fd; readlink /proc/1/cwd");
    // The listing's own folder is its fourth.
    expect(fds).toBe("/proc/1/fd:\n0\n1\n2\n\n/proc/self/fd:\n0\n1\n2\n3\n/");
    for (let fd = 3; fd < 16; fd++) {
      const way = `/proc/self/fd/${fd}`;
      const { code, stdout } = await instance().gantry(["exec", "-w", way, "holes-box-1", "pwd"]);
      expect({ fd, code, stdout }).toEqual({ fd, code: 126, stdout: "" });
      const program = `${way}/../../../bin/true`;
      expect(await instance().gantry(["exec", "holes-box-1", program])).toMatchObject({ code: 127 });
    }
  });

  test("CVE-2024-21626: a service whose working folder is a descriptor does not start outside", async () => {
    const services = [3, 5, 7, 8, 9, 12].map(
      (fd) =>
        `  f${fd}: { image: tools, userns_mode: host, command: [ls, -a], working_dir: /proc/self/fd/${fd}, restart: "no" }\n`,
    );
    const { code, stderr } = await attempt(services.join(""));
    expect(code).toBe(1);
    expect(stderr).toMatch(/working directory \/proc\/self\/fd\/\d+: ELOOP \(and 5 more\)/);
    expect(await instance().ok(["logs"])).toBe("");
  });

  test("CVE-2025-31133: what is hidden is hidden behind the real /dev/null, whatever the image has there", async () => {
    await apply(
      `  box: { image: tools, ${SLEEP} }\n`,
      { name: "dev", type: "5" },
      { name: "dev/null", type: "2", link: "/proc/sys/kernel/core_pattern" },
    );
    expect(await inside("box", "stat -c %F:%t:%T /dev/null /proc/keys")).toBe(
      "character special file:1:3\ncharacter special file:1:3",
    );
    expect(await inside("box", "head -c 1 /proc/keys | busybox wc -c")).toBe("0");
    const pattern = await readFile("/proc/sys/kernel/core_pattern", "utf8");
    await inside("box", "echo '|/attack' >/dev/null");
    expect(await readFile("/proc/sys/kernel/core_pattern", "utf8")).toBe(pattern);
  });

  test("CVE-2025-52565: a terminal is not put where an image's link under /dev leads", async () => {
    await apply(
      `  box: { image: tools, ${SLEEP} }\n`,
      { name: "dev", type: "5" },
      { name: "dev/console", type: "2", link: "/proc/sys/kernel/core_pattern" },
      { name: "dev/pts", type: "2", link: "/proc/sys/kernel" },
    );
    const { stdout } = await instance().gantry([
      "exec",
      "-t",
      "holes-box-1",
      "sh",
      "-c",
      "busybox tty; stat -c %F /dev/pts",
    ]);
    expect(stdout.replaceAll("\r", "")).toBe("/dev/pts/0\ndirectory\n");
    expect(await inside("box", "grep -c core_pattern /proc/self/mountinfo; true")).toBe("0");
  });

  test("CVE-2025-52881: what is written to /proc goes to the kernel, not to what a mount put in its place", async () => {
    const written = 'sysctls: { net.ipv4.ip_forward: "1" }';
    const { code } = await attempt(
      `  box: { image: tools, ${SLEEP}, ${written}, restart: "no", volumes: ["fake:/proc/sys/net/ipv4"] }\nvolumes: { fake: {} }\n`,
    );
    if (code !== 0) return expect(await instance().running()).toEqual([]);
    const pid = await instance().pidOf("holes-box-1");
    const { stdout } = await run("nsenter", [
      `--net=/proc/${pid}/ns/net`,
      "cat",
      "/proc/sys/net/ipv4/ip_forward",
    ]);
    expect(stdout.trim()).toBe("1");
  });

  for (const name of ["proc", "sys", "dev"])
    test(`CVE-2019-19921: an image whose /${name} is a symlink is refused`, async () => {
      const { code, stderr } = await attempt(`  box: { image: tools, ${SLEEP}, restart: "no" }\n`, {
        name,
        type: "2",
        link: "/tmp",
      });
      expect(code).toBe(1);
      expect(stderr).toContain(`/${name}`);
      expect(await instance().running()).toEqual([]);
    });
});
