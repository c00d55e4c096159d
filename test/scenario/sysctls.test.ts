import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

test("kernel parameters change in the container and nowhere else", async () => {
  const files = ["net/core/somaxconn", "kernel/shmmax", "net/ipv4/conf/eth0/forwarding", "fs/mqueue/msg_max"];
  const hosts = async (): Promise<readonly string[]> =>
    await Promise.all(files.map((file) => readFile(`/proc/sys/${file}`, "utf8").catch(() => "")));
  const before = await hosts();
  await instance.apply(`name: box
services:
  a:
    image: host
    command: [sleep, "1000"]
    hostname: inside
    domainname: example.org
    sysctls:
      net.core.somaxconn: 321
      kernel.shmmax: 123456789
      net.ipv4.conf.eth0.forwarding: 0
      fs.mqueue.msg_max: 7
`);
  const inside = await instance.ok([
    "exec",
    "box-a-1",
    "sh",
    "-c",
    `cd /proc/sys && cat ${files.join(" ")} kernel/domainname`,
  ]);
  expect(inside.trim().split("\n")).toEqual(["321", "123456789", "0", "7", "example.org"]);
  expect(await hosts()).toEqual(before);
});

test("a parameter of the whole machine, or of a namespace that is shared, is refused before anything is done", async () => {
  await instance.write(
    "compose.yaml",
    `name: box
services:
  a: { image: host, sysctls: { kernel.panic: 1, net.//.kernel.panic: 1 } }
  b: { image: host, network_mode: host, sysctls: [net.core.somaxconn=1] }
`,
  );
  const { code, stderr } = await instance.gantry(["apply"]);
  expect(code).toBe(1);
  expect(stderr).toContain("kernel.panic belongs to the whole machine");
  expect(stderr).toContain('"net.//.kernel.panic" is not a kernel parameter');
  expect(stderr).toContain("would change the network namespace that network_mode: host shares");
});
