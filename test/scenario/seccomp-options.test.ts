import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { statusOf } from "./process-facts.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

const spec = (options: string): string =>
  `name: box\nservices:\n  a:\n    image: host\n    command: [sleep, "1000"]\n    security_opt: [${options}]\n`;

/** Everything is allowed but making folders. */
const noFolders = (errno: number): string =>
  JSON.stringify({
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: errno }],
  });
const EDOM = 33;
const ERANGE = 34;

test("unconfined means no filter; the default is one", async () => {
  await instance.apply(spec(""));
  expect((await statusOf(await instance.pidOf("box-a-1"))).get("Seccomp")).toBe("2");
  await instance.apply(spec("seccomp=unconfined"));
  expect((await statusOf(await instance.pidOf("box-a-1"))).get("Seccomp")).toBe("0");
});

test("an own profile holds, in further processes too, and an edit of its file is a change", async () => {
  await instance.write("profile.json", noFolders(EDOM));
  await instance.apply(spec("seccomp=./profile.json"));
  const mkdir = async () => await instance.gantry(["exec", "box-a-1", "mkdir", "/tmp/x"]);
  expect((await mkdir()).stderr).toContain("argument out of domain");
  await instance.write("profile.json", JSON.stringify(JSON.parse(noFolders(EDOM)), null, 2));
  expect(await instance.gantry(["plan"])).toMatchObject({ code: 0 });
  await instance.write("profile.json", noFolders(ERANGE));
  await instance.ok(["apply", "--wait"]);
  expect((await mkdir()).stderr).toContain("result out of range");
});

test("a profile that is not there, not JSON or not a profile is an error before anything is done; others' options a warning", async () => {
  await instance.write("broken.json", "{");
  await instance.write("wrong.json", '{"defaultAction":"SCMP_ACT_MAYBE"}');
  for (const [options, text] of [
    ["seccomp=missing.json", "missing.json: there is no such file"],
    ["seccomp=broken.json", "broken.json is not JSON"],
    ["seccomp=wrong.json", "SCMP_ACT_MAYBE"],
    ["no-such-option", 'unknown security option "no-such-option"'],
  ] as const) {
    await instance.write("compose.yaml", spec(options));
    const { code, stderr } = await instance.gantry(["apply"]);
    expect(code).toBe(1);
    expect(stderr.replace(/\n\s*/g, " ").toLowerCase()).toContain(text.toLowerCase());
  }
  await instance.write("compose.yaml", spec("apparmor=unconfined"));
  expect((await instance.gantry(["plan"])).stderr).toContain("apparmor options have no effect");
});
