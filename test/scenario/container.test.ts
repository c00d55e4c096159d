import { readlinkSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { until } from "./until.ts";

const DEVICES = "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero";
/** CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT AUDIT_WRITE SETFCAP. */
const CAPABILITIES = "00000000a00425fb";

let instance: Instance;
let failed = false;
beforeAll(async () => {
  instance = await Instance.open();
  await instance.apply(`name: facts
services:
  plain: { image: host, command: [sleep, "1000"] }
  named: { image: host, command: [sleep, "1000"], hostname: lighthouse, user: nobody }
  parent:
    image: host
    init: true
    command: [sh, -c, "trap 'echo told to go; exit 7' TERM; (sleep 0.1 & ) ; while :; do sleep 0.1; done"]
`);
});
afterAll(async () => {
  await instance.close(failed);
});

/** What a shell script prints inside a container. */
async function inside(service: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await instance.gantry(["exec", `facts-${service}-1`, "sh", "-c", script]);
  failed ||= code < 0;
  return `${stdout}${stderr}`.trim();
}

describe("a container", () => {
  test("has namespaces of its own", async () => {
    const kinds = ["mnt", "pid", "uts", "ipc", "net", "cgroup", "user"];
    const links = (await inside("plain", `cd /proc/self/ns && readlink ${kinds.join(" ")}`)).split("\n");
    const differs = kinds.filter((kind, i) => links[i] !== readlinkSync(`/proc/self/ns/${kind}`));
    expect(differs).toEqual(kinds);
  });

  test("is called by twelve digits of its id, or as it was told", async () => {
    const { Id } = await instance.inspect("facts-plain-1");
    expect(await inside("plain", "hostname; echo $HOSTNAME")).toBe(`${Id.slice(0, 12)}\n${Id.slice(0, 12)}`);
    expect(await inside("named", "hostname; echo $HOSTNAME")).toBe("lighthouse\nlighthouse");
  });

  test("sees its own processes in /proc and nobody else's", async () => {
    const names = await inside("plain", "cat /proc/[0-9]*/comm");
    expect(names.split("\n").sort()).toEqual(["sh", "sleep"]); // cat began after the shell had looked
  });

  test("finds the host's kernel hidden or write-protected", async () => {
    const hidden = "/proc/kcore /proc/keys /proc/timer_list /proc/interrupts";
    expect(await inside("plain", `cat ${hidden} 2>/dev/null | wc -c; ls /sys/firmware`)).toBe("0");
    for (const path of ["/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/irq/x", "/sys/x"])
      expect(await inside("plain", `echo x > ${path}`)).toMatch(/Read-only file system|nonexistent/);
    const mounts = (await inside("plain", "cat /proc/mounts")).split("\n");
    expect(mounts.find((line) => line.startsWith("sysfs /sys "))).toMatch(/ ro[, ]/);
  });

  test("finds exactly docker's entries in /dev, and terminals of its own", async () => {
    expect((await inside("plain", "ls /dev")).split("\n").join(" ")).toBe(DEVICES);
    expect(await inside("plain", "ls /dev/pts")).toBe("ptmx");
    expect(await inside("plain", "stat -c '%a %t:%T' /dev/null /dev/zero /dev/tty")).toBe(
      "666 1:3\n666 1:5\n666 5:0",
    );
  });

  test("reads no path of the host in its mount table but those of files it shares", async () => {
    const table = (await inside("plain", "cat /proc/self/mountinfo")).split("\n");
    const named = table.filter((line) => line.includes(instance.base));
    expect(named.map((line) => line.split(" ")[4])).toEqual(["/etc/hosts", "/etc/resolv.conf"]);
    for (const line of table) expect(line.split(" - ")[1]).not.toContain(instance.base);
    expect(table.length).toBeLessThan(40);
  });

  test("learns nothing of the host from process 1, with and without an init", async () => {
    expect(await inside("plain", "tr '\\0' ' ' < /proc/1/cmdline")).toBe("sleep 1000");
    expect(await inside("plain", "readlink /proc/1/exe")).toMatch(/^\/(usr\/)?bin\/(sleep|coreutils)$/);
    expect(await inside("parent", "cat /proc/1/comm; tr -d '\\0' < /proc/1/cmdline")).toBe("init");
    expect(await inside("parent", "cat /proc/1/environ 2>/dev/null || echo hidden")).toBe("hidden");
    expect(await inside("parent", "readlink /proc/1/exe 2>/dev/null || echo hidden")).toBe("hidden");
    expect(await inside("parent", "cat /proc/1/maps 2>/dev/null || echo hidden")).toBe("hidden");
  });

  test("gets no descriptor but its three", async () => {
    expect(await inside("plain", "ls /proc/1/fd; readlink /proc/1/fd/0")).toBe("0\n1\n2\n/dev/null");
    expect(await inside("plain", "ls /proc/self/fd | wc -l")).toBe("4"); // with that of ls itself
  });

  test("has the default capabilities and no other, a plain user none that work", async () => {
    const of = (text: string): Readonly<Record<string, string>> =>
      Object.fromEntries(text.split("\n").map((line) => line.split(":\t") as [string, string]));
    expect(of(await inside("plain", "grep Cap /proc/1/status"))).toEqual({
      CapInh: "0000000000000000",
      CapPrm: CAPABILITIES,
      CapEff: CAPABILITIES,
      CapBnd: CAPABILITIES,
      CapAmb: "0000000000000000",
    });
    expect(of(await inside("parent", "grep Cap /proc/1/status"))).toMatchObject({
      CapEff: CAPABILITIES,
      CapBnd: CAPABILITIES,
    });
    expect(of(await inside("named", "grep Cap /proc/self/status"))).toMatchObject({
      CapEff: "0000000000000000",
      CapPrm: "0000000000000000",
      CapBnd: CAPABILITIES,
    });
  });

  test("cannot make devices, mount, or change the clock's host", async () => {
    expect(await inside("plain", "mknod /tmp/disk b 8 0")).toContain("Operation not permitted");
    expect(await inside("plain", "mount -t tmpfs none /tmp")).toMatch(
      /denied|not permitted|must be superuser/,
    );
    expect(await inside("plain", "hostname other")).toMatch(/must be root|not permitted/);
  });

  test("with an init: orphans are reaped, signals reach the program, its status becomes the container's", async () => {
    await until("no zombie", async () => !(await inside("parent", "cat /proc/[0-9]*/stat")).includes(") Z "));
    await instance.ok(["stop", "facts-parent-1"]);
    expect(await instance.inspect("facts-parent-1")).toMatchObject({
      State: { ExitCode: 7, Running: false },
    });
    expect(await instance.ok(["logs", "parent", "-p", "facts"])).toContain("told to go");
  });

  test("has the host's programs read-only and nothing of its homes and secrets", async () => {
    expect(await inside("plain", "touch /usr/bin/x")).toContain("Read-only file system");
    expect(await inside("plain", "ls -A /root /home /srv /opt /mnt")).not.toMatch(/^[^/\n]/m);
  });
});
