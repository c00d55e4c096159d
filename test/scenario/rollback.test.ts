import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

/** Three replicas that serve, or a program that says why it cannot. */
function spec(command: string, update = ""): string {
  return `name: back
services:
  web:
    image: host
    command: [sh, -c, ${JSON.stringify(command)}]
    deploy:
      replicas: 3
${update === "" ? "" : `      update_config: ${update}\n`}`;
}

const GOOD = "exec sleep 1000";
const BAD = "echo no such database >&2; exit 3";

async function commands(): Promise<readonly string[]> {
  const names = [...(await instance().containers()).values()].filter(({ State }) => State === "running");
  const found = await Promise.all(
    names.map(
      async ({ Id }) =>
        (await instance().get<{ Config: { Cmd: readonly string[] } }>(`/containers/${Id}/json`)).Config
          .Cmd[2] ?? "",
    ),
  );
  return found.sort();
}

async function fails(text: string): Promise<string> {
  await instance().write("compose.yaml", text);
  const { code, stderr } = await instance().gantry(["apply"]);
  expect(code).toBe(1);
  return stderr;
}

test("a revision that does not become ready is rolled back by itself, with the reason and its last lines", async () => {
  await instance().apply(spec(GOOD));
  const before = [...(await instance().containers()).values()].map(({ Id }) => Id).sort();
  const said = await fails(spec(BAD));
  expect(said).toContain("no such database");
  expect(said).toContain("rolled back to what it was in revision 1");
  expect([...(await instance().containers()).values()].map(({ Id }) => Id).sort()).toEqual(before);
  expect(await instance().ok(["history"])).toMatch(/2 .*did not become ready: web/);

  await instance().endDaemon("SIGKILL");
  await instance().ok(["ps"]);
  expect((await instance().gantry(["plan", "-o", "json"])).code).toBe(2); // the file still asks for the other
  expect(await commands()).toEqual([GOOD, GOOD, GOOD]);

  await instance().apply(spec("exec sleep 2000"));
  expect(await commands()).toEqual(["exec sleep 2000", "exec sleep 2000", "exec sleep 2000"]);
});

test("what was replaced already goes back too, and what was stopped first comes back", async () => {
  const counting = `n=$(cat /state/n 2>/dev/null || echo 0); echo $((n + 1)) >/state/n; [ $n -lt 1 ] || exit 4; exec sleep 3000`;
  const mounted = (text: string): string => `${text}    volumes: ["state:/state"]\nvolumes: { state: {} }\n`;
  await instance().apply(mounted(spec(GOOD)));
  const said = await fails(mounted(spec(counting.replaceAll("$", "$$$$"))));
  expect(said).toContain("rolled back to what it was in revision 1");
  await until("all are as they were", async () => (await commands()).join() === [GOOD, GOOD, GOOD].join());
});

test("failure_action pause leaves old and new as they are until the next apply", async () => {
  await instance().apply(spec(GOOD));
  const said = await fails(spec(BAD, "{ failure_action: pause }"));
  expect(said).toContain("its update is paused");
  expect(await commands()).toEqual([GOOD, GOOD, GOOD]);
  expect(await instance().gantry(["history"])).toMatchObject({ code: 0 });
});

test("failure_action continue goes on to the other replicas, though one cannot start", async () => {
  await instance().apply(spec(GOOD));
  // Whoever comes second finds the folder, and stays; the first of them never does while it is away.
  const picky =
    "mkdir /first/$$(hostname) 2>/dev/null; [ $$(ls /first | wc -l) -gt 1 ] || exit 5; exec sleep 4000";
  const text = `${spec(picky, "{ failure_action: continue }")}    volumes: ["./first:/first"]\n`;
  await instance().write("compose.yaml", text);
  await instance().gantry(["apply"]);
  await until("all are new", async () => (await commands()).every((one) => one.endsWith("4000")));
});

test("a share that is none is refused with its place", async () => {
  const wrong = await fails(spec(GOOD, "{ max_failure_ratio: 2 }"));
  expect(wrong).toMatch(/compose.yaml:\d+:\d+/);
  expect(wrong).toContain("expected a number from 0 to 1");
});
