import { describe, expect, test } from "vitest";
import { parseCron } from "../../../src/spec/cron.ts";
import { diagnose, loadText } from "./load-stdin.ts";

async function job(text: string) {
  const { project } = await loadText(`services:\n  web:\n    image: x\n    x-gantry: ${text}\n`);
  return project.services["web"]?.job;
}

async function said(text: string, rest = "") {
  return (await diagnose(`services:\n  web:\n    image: x\n    x-gantry: ${text}\n${rest}`)).join("\n");
}

test("a schedule with its defaults, and with all there is", async () => {
  const defaults = { timezone: "UTC", concurrency: "forbid", missed: "skip", history: 3 };
  expect(await job('{ schedule: "*/5 * * * *" }')).toEqual({
    schedule: "*/5 * * * *",
    cron: parseCron("*/5 * * * *"),
    ...defaults,
  });
  const all = { timezone: "Europe/Berlin", concurrency: "replace", missed: "once", history: 0 };
  expect(await job(JSON.stringify({ schedule: "@daily", ...all }))).toEqual({
    schedule: "@daily",
    cron: parseCron("@daily"),
    ...all,
  });
});

test.each([
  ["{ schedule: '* * * *' }", "", "expected minute, hour, day, month and weekday"],
  ["{ schedule: '@daily', timezone: Mars/Base }", "", '"Mars/Base" is no time zone'],
  ["{ history: 1 }", "", "history needs a schedule"],
  ["{ schedule: '@daily' }", "    restart: always\n", "with restart: always a run would never end"],
  ["{ schedule: '@daily' }", "    scale: 2\n", "what runs on a schedule has no replicas"],
  ["{ schedule: '@daily' }", "    container_name: x\n", "several runs cannot share one container_name"],
])("refused: %s %s", async (text, rest, message) => {
  expect(await said(text, rest)).toContain(message);
});

describe("cron", () => {
  test("lists, ranges, steps, names, and Sunday twice", () => {
    expect(parseCron("0,30 8-10 */15 jan-MAR,12 5-7")).toEqual({
      minutes: [0, 30],
      hours: [8, 9, 10],
      days: [1, 16, 31],
      months: [1, 2, 3, 12],
      weekdays: [0, 5, 6],
      eitherDay: false,
    });
    expect(parseCron("5/20 * 1 * mon")).toMatchObject({ minutes: [5, 25, 45], eitherDay: true });
    expect(parseCron("@weekly")).toEqual(parseCron("0 0 * * sun"));
  });

  test.each([
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "5-1 * * * *",
    "*/0 * * * *",
    "1,, * * * *",
    "- * * * *",
    "foo * * * *",
    "* * * * * *",
    "",
    "@never",
    "* * 31 2,4,6,9,11 *",
  ])("%j is refused", (text) => {
    expect(() => parseCron(text)).toThrow();
  });
});
