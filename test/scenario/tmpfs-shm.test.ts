import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

test("a read-only root takes writes in its memory file systems only, each as it was asked for", async () => {
  await instance.apply(`name: box
services:
  a:
    image: host
    command: [sleep, "1000"]
    read_only: true
    working_dir: /made/for/it
    shm_size: 8m
    tmpfs:
      - /scratch:size=2m,mode=0750,uid=7,gid=8,nr_inodes=50
      - /programs:exec,suid
      - /fixed:ro
`);
  const run = (script: string) => instance.gantry(["exec", "box-a-1", "sh", "-c", script]);
  expect((await run("touch /x")).stderr).toContain("Read-only");
  expect((await run("pwd; touch /scratch/x /dev/shm/x; stat -c '%u %g %a' /scratch")).stdout).toBe(
    "/made/for/it\n7 8 750\n",
  );
  expect((await run("touch /fixed/x")).stderr).toContain("Read-only");
  const mounts = (await run("cat /proc/self/mountinfo")).stdout.split("\n");
  const of = (place: string): string => mounts.find((line) => line.split(" ")[4] === place) ?? "";
  expect(of("/scratch")).toMatch(/noexec.*size=2048k,nr_inodes=50/);
  expect(of("/scratch")).toContain("nosuid");
  expect(of("/programs")).not.toMatch(/noexec|nosuid/);
  expect(of("/programs")).toContain("nodev");
  expect(of("/dev/shm")).toContain("size=8192k");
});
