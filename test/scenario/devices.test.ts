import { existsSync, statSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

const SLEEP = 'command: [sleep, "1000"]';
const run = (script: string) => instance.gantry(["exec", "box-a-1", "sh", "-c", script]);

test("a device of the host is there under its name, for what it was given for and no more", async () => {
  await instance.apply(`name: box
services:
  a:
    image: host
    ${SLEEP}
    cap_add: [MKNOD, SYSLOG]
    devices: ["/dev/null:/dev/mine/hole:w", "/dev/kmsg:/dev/messages:r"]
`);
  const kmsg = statSync("/dev/kmsg");
  expect((await run("stat -c '%a %u %g' /dev/messages")).stdout).toBe(
    `${(kmsg.mode & 0o7777).toString(8)} ${kmsg.uid} ${kmsg.gid}\n`,
  );
  expect((await run("exec 3</dev/messages && echo opened")).stdout).toBe("opened\n");
  expect((await run("exec 3>/dev/messages")).stderr).toContain("not permitted");
  expect((await run("echo x >/dev/mine/hole && cat /dev/null && echo fine")).stdout).toBe("fine\n");
  // Nodes can be made, as the capability says, and the control group keeps them shut.
  const made = await run("mknod /dev/memory c 1 1 && cat /dev/memory");
  expect(made.stderr).toContain("not permitted");
  expect(made.code).not.toBe(0);
});

test("rules open what they name", async () => {
  await instance.apply(`name: box
services:
  a: { image: host, ${SLEEP}, cap_add: [MKNOD, SYSLOG], device_cgroup_rules: ["c 1:11 r"] }
`);
  expect((await run("mknod /dev/messages c 1 11 && exec 3</dev/messages && echo opened")).stdout).toBe(
    "opened\n",
  );
  expect((await run("exec 3>/dev/messages")).stderr).toContain("not permitted");
});

test("a folder stands for the devices in it; what is no device, or not there, is an error before anything is done", async () => {
  await instance.apply(`name: box
services:
  a: { image: host, ${SLEEP}, devices: ["/dev/net:/dev/net"] }
`);
  if (existsSync("/dev/net/tun"))
    expect((await run("test -c /dev/net/tun && echo there")).stdout).toBe("there\n");
  const pid = await instance.pidOf("box-a-1");
  for (const [device, text] of [
    ["/dev/no-such-thing", "there is no device /dev/no-such-thing"],
    ["/etc/passwd:/dev/passwd", "/etc/passwd is not a device"],
    ["/dev/null:/null", "is not below /dev"],
  ] as const) {
    await instance.write(
      "compose.yaml",
      `name: box\nservices:\n  a: { image: host, ${SLEEP}, devices: ["${device}"] }\n`,
    );
    const { code, stderr } = await instance.gantry(["apply"]);
    expect(code).toBe(1);
    expect(stderr).toContain(text);
  }
  expect(await instance.pidOf("box-a-1")).toBe(pid);
});
