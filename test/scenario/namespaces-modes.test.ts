import { readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance, isAlive } from "./instance.ts";
import { until } from "./until.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

const namespaceOf = (pid: number | "self", kind: string): Promise<string> =>
  readlink(`/proc/${pid}/ns/${kind}`);
const SLEEP = 'command: [sleep, "1000"]';

test("a container with every mode on host has this machine's namespaces, all but its mounts", async () => {
  await instance.apply(`name: box
services:
  a:
    image: host
    ${SLEEP}
    network_mode: host
    pid: host
    ipc: host
    uts: host
    cgroup: host
    userns_mode: host
    extra_hosts: ["me=host-gateway"]
`);
  const pid = await instance.pidOf("box-a-1");
  for (const kind of ["net", "pid", "ipc", "uts", "cgroup", "user"])
    expect(await namespaceOf(pid, kind), kind).toBe(await namespaceOf("self", kind));
  expect(await namespaceOf(pid, "mnt")).not.toBe(await namespaceOf("self", "mnt"));
  expect(await instance.ok(["exec", "box-a-1", "hostname"])).toBe(`${hostname()}\n`);
  expect(await instance.ok(["exec", "box-a-1", "cat", "/etc/hosts"])).toMatch(/^127\.0\.0\.1\tme$/m);
});

test("what a container leaves running in a shared process namespace ends with it", async () => {
  await instance.apply(`name: box
services:
  a: { image: host, pid: host, command: [sh, -c, "sleep 987 & echo $$! && wait"], stop_grace_period: 0s }
`);
  const logs = async () => await instance.ok(["logs", "box-a-1"]);
  await until("the pid in the log", async () => /\d+/.test(await logs()));
  const left = Number(/(\d+)\s*$/.exec((await logs()).trim())?.[1]);
  expect(isAlive(left)).toBe(true);
  await instance.ok(["stop", "box-a-1"]);
  await until("the end of the rest", () => !isAlive(left));
});

test("services share the network, processes and memory of another, which starts first", async () => {
  await instance.apply(`name: box
services:
  a:
    image: host
    network_mode: service:z
    pid: service:z
    ipc: service:z
    ${SLEEP}
  z: { image: host, ${SLEEP}, shm_size: 3m }
`);
  const [mine, other] = [await instance.pidOf("box-a-1"), await instance.pidOf("box-z-1")];
  for (const kind of ["net", "pid", "ipc"])
    expect(await namespaceOf(mine, kind), kind).toBe(await namespaceOf(other, kind));
  expect(await namespaceOf(mine, "uts")).not.toBe(await namespaceOf(other, "uts"));
  await instance.ok(["exec", "box-a-1", "sh", "-c", "echo hello > /dev/shm/note"]);
  expect(await instance.ok(["exec", "box-z-1", "cat", "/dev/shm/note"])).toBe("hello\n");
  expect(await instance.ok(["exec", "box-z-1", "sh", "-c", "cat /proc/[0-9]*/comm"])).toMatch(
    /sleep\n(.*\n)*sleep\n/,
  );
});

test("network_mode none has its loopback, up, and nothing else; names come from where the file says", async () => {
  await instance.apply(`name: box
services:
  a:
    image: host
    ${SLEEP}
    network_mode: none
    dns: 192.0.2.53
    dns_search: [example.org]
    dns_opt: ["ndots:3"]
    extra_hosts: { db: 192.0.2.1, six: "2001:db8::1" }
`);
  const script =
    "tail -n +3 /proc/net/dev | cut -d: -f1; cat /sys/class/net/lo/operstate; cat /sys/class/net/lo/flags";
  expect((await instance.ok(["exec", "box-a-1", "sh", "-c", script])).split(/\s+/)).toEqual([
    "",
    "lo",
    "unknown",
    "0x9",
    "",
  ]);
  const resolv = await instance.ok(["exec", "box-a-1", "cat", "/etc/resolv.conf"]);
  expect(resolv).toContain("nameserver 192.0.2.53\nsearch example.org\noptions ndots:3\n");
  expect(resolv.match(/nameserver/g)).toHaveLength(1);
  const hosts = await instance.ok(["exec", "box-a-1", "cat", "/etc/hosts"]);
  expect(hosts).toMatch(/^192\.0\.2\.1\tdb$/m);
  expect(hosts).toMatch(/^2001:db8::1\tsix$/m);
});

test("a service that shares with itself, with nobody, or in a circle is refused", async () => {
  await instance.write(
    "compose.yaml",
    `name: box
services:
  a: { image: host, network_mode: "service:a" }
  b: { image: host, pid: "service:nobody" }
  c: { image: host, ipc: "service:d" }
  d: { image: host, pid: "service:c", ports: ["80:80"], network_mode: host }
`,
  );
  const { code, stderr } = await instance.gantry(["apply"]);
  expect(code).toBe(1);
  for (const text of [
    'the service "a" cannot share with itself',
    'there is no service "nobody"',
    "circular: c -> d -> c",
    "no port can be published with network_mode: host",
  ])
    expect(stderr).toContain(text);
});
