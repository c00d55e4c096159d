import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { bitsOf, statusOf } from "./process-facts.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

const DEFAULT = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 29, 31];
const NET_ADMIN = 12;
const CHOWN = 0;

async function capabilities(more: string): Promise<readonly number[]> {
  await instance.apply(`name: caps\nservices:\n  a:\n    image: host\n    command: [sleep, "1000"]\n${more}`);
  const status = await statusOf(await instance.pidOf("caps-a-1"));
  expect(status.get("CapEff")).toBe(status.get("CapBnd"));
  return bitsOf(status.get("CapBnd"));
}

describe("capabilities", () => {
  test("are docker's without MKNOD where the file says nothing", async () => {
    expect(await capabilities("")).toEqual(DEFAULT);
  });

  test("are added and dropped by name, and a further process has the same", async () => {
    const wanted = [...DEFAULT, NET_ADMIN].filter((bit) => bit !== CHOWN).sort((a, b) => a - b);
    expect(await capabilities("    cap_add: [net_admin]\n    cap_drop: [CAP_CHOWN]\n")).toEqual(wanted);
    const inside = await instance.ok(["exec", "caps-a-1", "cat", "/proc/self/status"]);
    expect(bitsOf(/CapBnd:\s*(\w+)/.exec(inside)?.[1])).toEqual(wanted);
  });

  test("can all be dropped, and one added again", async () => {
    expect(await capabilities("    cap_drop: [ALL]\n    cap_add: [NET_BIND_SERVICE]\n")).toEqual([10]);
  });
});

test("a privileged container has what the daemon has, no filter, nothing masked, and the host's devices", async () => {
  const own = bitsOf((await statusOf(process.pid)).get("CapEff"));
  expect(await capabilities("    privileged: true\n")).toEqual(own);
  const status = await statusOf(await instance.pidOf("caps-a-1"));
  expect(status.get("Seccomp")).toBe("0");
  const mounts = await instance.ok(["exec", "caps-a-1", "cat", "/proc/self/mountinfo"]);
  expect(mounts).not.toContain("/proc/kcore");
  expect(mounts).toMatch(/ \/sys rw,/);
  expect(mounts).not.toMatch(/ \/ rw,[^ ]*nodev/);
  await instance.ok(["exec", "caps-a-1", "sh", "-c", "test -c /dev/kmsg"]);
});
