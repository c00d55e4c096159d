import { expect, test } from "vitest";
import { textOfState } from "../../../src/oci/hooks.ts";

test("a state has room for a pid of ten digits, and one within it too, but a text that looks like it has not", () => {
  const text = textOfState({ id: "a", state: { id: "a", note: '"pid":          ' } });
  expect(text.match(/"pid": {10}/g)).toHaveLength(2);
  const filled = JSON.parse(text.replaceAll(/"pid": {10}/g, '"pid":42        ')) as unknown;
  expect(filled).toEqual({ pid: 42, id: "a", state: { pid: 42, id: "a", note: '"pid":          ' } });
});

test("a pid that is known stays", () => {
  expect(JSON.parse(textOfState({ pid: 7, id: "a" }))).toEqual({ pid: 7, id: "a" });
});
