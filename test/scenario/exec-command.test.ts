import { beforeAll, afterAll, expect, test } from "vitest";
import { Instance } from "./instance.ts";

let instance: Instance;
beforeAll(async () => {
  instance = await Instance.open();
  await instance.apply(`name: shop
services:
  web:
    image: host
    command: [sleep, infinity]
    stop_signal: SIGKILL
    working_dir: /usr
    environment: { COLOUR: red }
    scale: 2
  gone:
    image: host
    command: ["true"]
`);
});
afterAll(async () => {
  await instance.close();
});

test.each([
  ["its own status", ["sh", "-c", "exit 42"], 42],
  ["128 and the signal that killed it", ["sh", "-c", "kill -9 $$"], 137],
  ["127 when there is no such command", ["no-such-command"], 127],
  ["126 when it cannot be executed", ["/etc/hosts"], 126],
])("exec ends with %s", async (_, command, code) => {
  expect(await instance.gantry(["exec", "shop-web-1", ...command])).toMatchObject({ code, stdout: "" });
});

test("what it writes to stdout and stderr comes out there, apart", async () => {
  const result = await instance.gantry(["exec", "shop-web-1", "sh", "-c", "echo out; echo err >&2"]);
  expect(result).toEqual({ code: 0, stdout: "out\n", stderr: "err\n" });
});

test("standard input reaches it only when asked for, to the last byte and its end", async () => {
  const text = "0123456789abcde\n".repeat(40_000);
  const { stdout } = await instance.gantry(["exec", "-i", "shop-web-1", "cat"], { stdin: text });
  expect(stdout === text).toBe(true);
  expect(await instance.gantry(["exec", "shop-web-1", "cat"], { stdin: "unread" })).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
  });
});

test("a command that stops reading its input does not hang anybody", async () => {
  const stdin = "x".repeat(1_000_000);
  const result = await instance.gantry(["exec", "-i", "shop-web-1", "sh", "-c", "exit 3"], { stdin });
  expect(result).toEqual({ code: 3, stdout: "", stderr: "" });
});

test("it runs where and as what the container does, or as told", async () => {
  const show = ["sh", "-c", 'pwd; id -u; echo "$COLOUR $SHAPE"'];
  expect(await instance.ok(["exec", "shop-web-1", ...show])).toBe("/usr\n0\nred \n");
  const told = ["-w", "/etc", "-u", "nobody", "-e", "SHAPE=round", "-e", "COLOUR=green"];
  expect(await instance.ok(["exec", ...told, "shop-web-1", ...show])).toBe("/etc\n65534\ngreen round\n");
});

test("it sees the container's processes and name, not the machine's", async () => {
  const { Id } = await instance.inspect("shop-web-1");
  expect(await instance.ok(["exec", "shop-web-1", "hostname"])).toBe(`${Id.slice(0, 12)}\n`);
  expect(await instance.ok(["exec", "shop-web-1", "cat", "/proc/1/comm"])).toBe("sleep\n");
});

test("a service means its first replica", async () => {
  const { Id } = await instance.inspect("shop-web-1");
  expect(await instance.ok(["exec", "web", "hostname"])).toBe(`${Id.slice(0, 12)}\n`);
  expect(await instance.ok(["exec", "-p", "shop", "web", "hostname"], { cwd: "/" })).toBe(
    `${Id.slice(0, 12)}\n`,
  );
});

test.each([
  ["a container that does not exist", ["nobody", "true"], "No such container: nobody"],
  ["one that does not run", ["shop-gone-1", "true"], "container shop-gone-1 is not running"],
  ["a user it does not know", ["-u", "nobody-at-all", "shop-web-1", "true"], "no such user"],
])("exec into %s fails by itself: 125", async (_, words, message) => {
  const { code, stderr } = await instance.gantry(["exec", ...words]);
  expect(code).toBe(125);
  expect(stderr).toContain(message);
});
