import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

function spec(replicas: number, colour: string): string {
  return `name: shop
services:
  web:
    image: host
    command: [sleep, infinity]
    stop_signal: SIGKILL
    environment: { COLOUR: ${colour} }
    deploy: { replicas: ${replicas} }
`;
}

/** Every replica that runs says its colour. */
async function colours(): Promise<readonly string[]> {
  const names = await instance().running();
  return await Promise.all(names.map((name) => instance().ok(["exec", name, "printenv", "COLOUR"])));
}

async function settled(): Promise<void> {
  await until("nothing left to do", async () => (await instance().gantry(["plan"])).code === 0);
}

test("two applies at once are carried out one after the other, and the later one wins", async () => {
  await instance().apply(spec(1, "grey"));
  const red = await instance().write("red.yaml", spec(4, "red"));
  const green = await instance().write("compose.yaml", spec(2, "green"));
  const results = await Promise.all([
    instance().gantry(["apply", "-f", red]),
    instance().gantry(["apply", "-f", green]),
  ]);
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  // Whichever came last: exactly what it says, nothing of the other.
  const found = await colours();
  const oneOf = [Array<string>(4).fill("red\n"), Array<string>(2).fill("green\n")];
  expect(oneOf).toContainEqual(found);
  await instance().ok(["apply", "-f", green]);
  expect(await colours()).toEqual(["green\n", "green\n"]);
});

test("an apply whose client is killed is carried out all the same", async () => {
  await instance().apply(spec(1, "red"));
  await instance().write("compose.yaml", spec(12, "red"));
  const client = instance().start(["apply", "--wait"]);
  await until("the first of them", async () => (await instance().running()).length > 1);
  client.kill("SIGKILL");
  await until("all twelve", async () => (await instance().running()).length === 12);
  await settled();
});

test("an apply that comes while another one runs waits for it, then does what is left", async () => {
  await instance().write("compose.yaml", spec(12, "red"));
  const first = instance().gantry(["apply"]);
  await until(
    "some of them",
    async () =>
      (
        await instance()
          .running()
          .catch(() => [])
      ).length > 1,
  );
  await instance().write("compose.yaml", spec(3, "red"));
  const second = await instance().gantry(["apply"]);
  expect((await first).code).toBe(0);
  expect(second.code).toBe(0);
  expect(await instance().running()).toHaveLength(3);
  await settled();
});

test("several projects are applied at once without a word to each other", async () => {
  const names = ["a", "b", "c", "d"];
  await instance().ok(["ps"]);
  const results = await Promise.all(
    names.map((name) =>
      instance().gantry(["apply", "-f", "-", "-p", name, "--wait"], { stdin: spec(2, name) }),
    ),
  );
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(await instance().running()).toEqual(names.flatMap((name) => [`${name}-web-1`, `${name}-web-2`]));
});

test("a project taken down while it is applied is gone at the end", async () => {
  await instance().write("compose.yaml", spec(12, "red"));
  const apply = instance().gantry(["apply"]);
  await until(
    "some of them",
    async () =>
      (
        await instance()
          .running()
          .catch(() => [])
      ).length > 1,
  );
  await instance().ok(["down"]);
  await apply;
  expect((await instance().containers()).size).toBe(0);
  expect(await instance().ok(["projects", "-o", "json"])).toBe("[]\n");
});
