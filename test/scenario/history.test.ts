import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

function spec(message: string, extra = ""): string {
  return `name: past
services:
  web:
    image: host
    command: [sh, -c, "echo ${message}; exec sleep 1000"]
${extra}`;
}

async function said(): Promise<string> {
  return await instance().ok(["logs", "past-web-1"]);
}

test("an undo brings back what was applied before, a second one goes further, and the history tells it", async () => {
  await instance().apply(spec("one"));
  await instance().apply(spec("two", "    mem_limit: 64m\n"));
  await instance().apply(spec("three", "    deploy: { replicas: 2 }\n"));
  await instance().ok(["undo"]);
  expect(await said()).toContain("two");
  expect([...(await instance().containers()).keys()]).toEqual(["past-web-1"]);
  await instance().ok(["undo"]);
  expect(await said()).toContain("one");
  const again = await instance().gantry(["undo"]);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("no earlier revision") as string });

  expect(await instance().ok(["diff", "1", "2"])).toBe("-/+ web  command changed, memory none -> 64M\n");
  expect(await instance().ok(["diff", "4", "2"])).toBe("no difference\n");
  const table = await instance().ok(["history"]);
  expect(table.split("\n").slice(1, 4)).toEqual([
    expect.stringMatching(/^5 .*current, brought back 1/),
    expect.stringMatching(/^4 .*brought back 2/),
    expect.stringMatching(/^3 .*replicas 1 -> 2/),
  ]);
  await instance().ok(["undo", "--to", "3"]);
  expect([...(await instance().containers()).keys()].sort()).toEqual(["past-web-1", "past-web-2"]);
  const unknown = await instance().gantry(["undo", "--to", "77"]);
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining("revision 77") as string });
});

test("an unchanged file makes no revision, and the history outlives a daemon that is killed", async () => {
  await instance().apply(spec("one"));
  await instance().apply(spec("one"));
  await instance().apply(spec("two"));
  await instance().endDaemon("SIGKILL");
  expect((await instance().ok(["history"])).trim().split("\n")).toHaveLength(3);
  await instance().ok(["undo"]);
  expect(await said()).toContain("one");
});

test("an undo has the very image of then though its name leads elsewhere now, and that image is kept", async () => {
  const dockerfile = (word: string): string => `FROM host\nLABEL word=${word}\n`;
  const image = async (): Promise<string> =>
    (await instance().get<{ Image: string }>("/containers/past-web-1/json")).Image;
  await instance().write("Dockerfile", dockerfile("old"));
  await instance().ok(["build", "-t", "past/web:1", "."]);
  const text = spec("same").replace("image: host", "image: past/web:1");
  await instance().apply(text);
  const old = await image();
  await instance().write("Dockerfile", dockerfile("new"));
  await instance().ok(["build", "-t", "past/web:1", "."]);
  await instance().apply(text);
  expect(await image()).not.toBe(old);
  await instance().ok(["image", "prune", "--force"]);
  const kept = await instance().gantry(["rmi", old]);
  expect(kept).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("revision 1 of project past") as string,
  });
  await instance().ok(["undo"]);
  expect(await image()).toBe(old);
  await instance().endDaemon("SIGKILL");
  await instance().ok(["ps"]);
  await until("it stays so", async () => (await image()) === old);
  await instance().ok(["undo", "--to", "2"]);
  await instance().ok(["rmi", "--force", old]);
  const gone = await instance().gantry(["undo", "--to", "1"]);
  expect(gone).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("not on this machine any more") as string,
  });
});

test("an undo brings back the secret of then", async () => {
  const withSecret = (value: string): string => `${spec("same", "    secrets: [key]\n")}secrets:
  key:
    environment: KEY
# ${value}
`;
  const apply = async (value: string): Promise<void> => {
    await instance().write("compose.yaml", withSecret(value));
    await instance().ok(["apply", "--wait"], { env: { KEY: value } });
  };
  await apply("first");
  await apply("second");
  await instance().endDaemon("SIGKILL");
  await instance().ok(["undo"]);
  expect(await instance().ok(["exec", "past-web-1", "cat", "/run/secrets/key"])).toBe("first");
});

test("a down forgets the history", async () => {
  await instance().apply(spec("one"));
  await instance().apply(spec("two"));
  await instance().ok(["down"]);
  await instance().apply(spec("three"));
  expect((await instance().ok(["history"])).trim().split("\n")).toHaveLength(2);
});
