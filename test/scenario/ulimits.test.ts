import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { limitsOf, statusOf } from "./process-facts.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

function spec(more: string): string {
  return `name: box\nservices:\n  a:\n    image: host\n    command: [sleep, "1000"]\n${more}`;
}

test("limits, groups, oom score and no-new-privileges are on the process, and on further ones", async () => {
  await instance.apply(
    spec(`    ulimits:
      core: 0
      nofile: { soft: 100, hard: 200 }
      nproc: 5000
    group_add: [1234, adm]
    oom_score_adj: 250
    security_opt: [no-new-privileges]
`),
  );
  const pid = await instance.pidOf("box-a-1");
  const limits = await limitsOf(pid);
  expect(limits.get("Max core file size")).toEqual(["0", "0"]);
  expect(limits.get("Max open files")).toEqual(["100", "200"]);
  expect(limits.get("Max processes")).toEqual(["5000", "5000"]);
  const status = await statusOf(pid);
  expect(status.get("NoNewPrivs")).toBe("1");

  // As the host sees them: the container's ids begin where its user namespace says.
  const base = Number((await readFile(`/proc/${pid}/gid_map`, "utf8")).trim().split(/\s+/)[1]);
  const groups = status
    .get("Groups")
    ?.split(" ")
    .map((group) => Number(group) - base);
  expect(groups).toEqual(expect.arrayContaining([1234, 4]));
  expect(await readFile(`/proc/${pid}/oom_score_adj`, "utf8")).toBe("250\n");
  const inside = await instance.ok([
    "exec",
    "box-a-1",
    "sh",
    "-c",
    "ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status; id -G",
  ]);
  expect(inside.split("\n").slice(0, 4)).toEqual(["100", "200", "250", "NoNewPrivs:\t1"]);
  expect(inside.split("\n")[4]?.split(" ")).toContain("1234");
});

test("what the daemon cannot give is said, and the container runs with what there is", async () => {
  const own = await limitsOf(process.pid);
  const most = own.get("Max open files")?.[1] ?? "";
  await instance.write("compose.yaml", spec("    ulimits: { nofile: 2000000 }\n    oom_score_adj: -900\n"));
  const { code, stdout, stderr } = await instance.gantry(["apply", "--wait"]);
  expect(code).toBe(0);
  const pid = await instance.pidOf("box-a-1");
  const status = await statusOf(process.pid);
  const mayRaise = (BigInt(`0x${status.get("CapEff")}`) >> 24n) & 1n;
  const [files, score] = mayRaise === 1n ? ["2000000", "-900"] : [most, "0"];
  expect((await limitsOf(pid)).get("Max open files")).toEqual([files, files]);
  expect(await readFile(`/proc/${pid}/oom_score_adj`, "utf8")).toBe(`${score}\n`);
  const told = `${stdout}${stderr}`;
  expect(told.includes("needs CAP_SYS_RESOURCE")).toBe(mayRaise === 0n);
});

test("a limit that is changed replaces the container; one taken out again does too", async () => {
  await instance.apply(spec("    ulimits: { core: 0 }\n"));
  await instance.write("compose.yaml", spec("    ulimits: { core: 1024 }\n"));
  expect((await instance.gantry(["plan"])).stdout).toContain("ulimits changed (core)");
  await instance.write("compose.yaml", spec(""));
  expect((await instance.gantry(["plan"])).stdout).toContain("replace");
});

test("a group that is not in the image is named", async () => {
  await instance.write("compose.yaml", spec("    user: nobody\n    group_add: [no-such-group]\n"));
  const { code, stderr } = await instance.gantry(["apply"]);
  expect(code).toBe(1);
  expect(stderr).toContain("no such user or group in the image: nobody no-such-group");
});
