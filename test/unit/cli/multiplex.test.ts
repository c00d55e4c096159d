import { expect, test } from "vitest";
import { demultiplex } from "../../../src/cli/multiplex.ts";

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function decoded(bytes: Uint8Array, size: number): Promise<string[]> {
  const found: string[] = [];
  for await (const { stream, data } of demultiplex(inPieces(bytes, size)))
    found.push(`${stream}:${Buffer.from(data).toString()}`);
  return found;
}

const frames = Buffer.concat([frame(1, "one\n"), frame(2, ""), frame(2, "two\n"), frame(1, "x".repeat(40))]);
const expected = ["stdout:one\n", "stderr:", "stderr:two\n", `stdout:${"x".repeat(40)}`];

test.each([1, 2, 7, 8, 9, 13, 1000])("frames survive being cut into pieces of %i bytes", async (size) => {
  expect(await decoded(frames, size)).toEqual(expected);
});

test("a stream that ends inside a frame is a broken connection, in the header or in the data", async () => {
  for (const cut of [3, 10])
    await expect(decoded(frame(1, "hello").subarray(0, cut), 100)).rejects.toMatchObject({
      code: "daemon.unreachable",
    });
});

test("bytes that are no frame are refused before anything is allocated for them", async () => {
  await expect(decoded(Buffer.from("HTTP/1.1 500 oh"), 100)).rejects.toMatchObject({ code: "internal" });
  await expect(decoded(Buffer.from([1, 0, 0, 0, 255, 255, 255, 255]), 100)).rejects.toMatchObject({
    code: "internal",
  });
});
