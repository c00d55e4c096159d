import { expect, test } from "vitest";
import { humanAge, humanBytes, humanDuration, humanMs } from "../../../src/cli/human.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  [0, "0B"],
  [999, "999B"],
  [1000, "1kB"],
  [12_345_678, "12.3MB"],
  [999_600, "1MB"],
  [5_000_000_000, "5GB"],
])("%i bytes read as %s", (bytes, text) => {
  expect(humanBytes(bytes)).toBe(text);
});

test.each([
  [10, "Less than a second"],
  [SECOND, "1 second"],
  [59 * SECOND, "59 seconds"],
  [61 * SECOND, "About a minute"],
  [3 * MINUTE, "3 minutes"],
  [70 * MINUTE, "About an hour"],
  [5 * HOUR, "5 hours"],
  [3 * DAY, "3 days"],
  [15 * DAY, "2 weeks"],
  [90 * DAY, "3 months"],
  [800 * DAY, "2 years"],
])("%i ms read as %s", (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});

test("a moment in the future, as clocks that were set back make it, is less than a second ago", () => {
  expect(humanAge(2000, 1000)).toBe("Less than a second ago");
});

test("short times are in milliseconds, longer ones in seconds", () => {
  expect([humanMs(12.4), humanMs(999), humanMs(1234)]).toEqual(["12 ms", "999 ms", "1.2 s"]);
});
