import { expect, test } from "vitest";
import { parseScales } from "../../../src/cli/scale-argument.ts";

test("each word is a service and its number", () => {
  expect(parseScales(["web=3", "db=0"])).toEqual([
    { service: "web", replicas: 3 },
    { service: "db", replicas: 0 },
  ]);
});

test.each(["web", "web=", "=3", "web=-1", "web=1.5", "web=3x", "web=100001", "web=99999999999", "a=b=3", ""])(
  "%o is refused",
  (word) => {
    expect(() => parseScales([word])).toThrow("is not SERVICE=N");
  },
);

test("a service given twice is refused, since only one of them can be meant", () => {
  expect(() => parseScales(["web=3", "web=4"])).toThrow("web is given twice");
});
