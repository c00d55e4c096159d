import { expect, test } from "vitest";
import { jsonLines } from "../../../src/cli/json-lines.ts";

async function values(...chunks: readonly (string | Uint8Array)[]): Promise<unknown[]> {
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const found: unknown[] = [];
  for await (const value of jsonLines<unknown>(source())) found.push(value);
  return found;
}

test("lines may be cut anywhere, even inside a character, and the last needs no newline", async () => {
  const bytes = Buffer.from('{"a":"ü"}\n\n{"b":2}');
  const cut = bytes.indexOf(0xc3) + 1;
  expect(await values(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual([{ a: "ü" }, { b: 2 }]);
});

test("a line that is not JSON says so and shows its beginning", async () => {
  await expect(values('{"a":1}\n<html>\n')).rejects.toThrow("not JSON: <html>");
});
