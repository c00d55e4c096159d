import { expect, test } from "vitest";
import { bytesText, cpusText, durationText } from "../../../src/reconcile/quantity.ts";
import { renderPlan } from "../../../src/reconcile/render.ts";

test("names and messages cannot speak to the terminal", () => {
  const text = renderPlan({
    steps: [
      {
        key: "start web.1",
        action: { kind: "start", id: "1", failures: 1 },
        subject: "web.1",
        cause: "could not start: \u001b[2Jgone\nnothing to do\u202e",
        after: [],
      },
    ],
    problems: [],
    later: [],
    wakeAt: null,
  });
  expect(text.split("\n")).toEqual([
    String.raw`~ web.1  start  could not start: \u{1b}[2Jgone\u{a}nothing to do\u{202e}`,
    "0 to create, 0 to update, 0 to replace, 0 to remove, 1 to start",
  ]);
});

test("quantities are exact", () => {
  expect([undefined, 0, 1000, 1536, 64 * 2 ** 20, 2 ** 30, 2 ** 50].map((bytes) => bytesText(bytes))).toEqual(
    ["none", "0B", "1000B", "1536B", "64M", "1G", "1024T"],
  );
  expect([undefined, 5e8, 2e9].map((nanocpus) => cpusText(nanocpus))).toEqual(["none", "0.5", "2"]);
  expect([0, 1_500, 60_000].map((ms) => durationText(ms))).toEqual(["0s", "1.5s", "60s"]);
});
