import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { decompressor, detectCompression } from "../../../src/image/compression.ts";
import { exclusive } from "../../../src/image/exclusive.ts";

it("compression is told by the first bytes, never by a name", () => {
  expect(detectCompression(gzipSync("x"))).toBe("gzip");
  expect(detectCompression(Buffer.from("BZh9"))).toBe("bzip2");
  expect(detectCompression(Buffer.from("etc/passwd"))).toBe("none");
  expect(detectCompression(Uint8Array.of(0x1f))).toBe("none");
  expect(detectCompression(new Uint8Array())).toBe("none");
});

it("what cannot be unpacked says so, and what to do", () => {
  expect(decompressor("none")).toBeUndefined();
  expect(() => decompressor("xz")).toThrow(
    expect.objectContaining({ code: "image.invalid", next: expect.any(String) }),
  );
});

it("tasks in turn never overlap, keep their order, and survive one that fails", async () => {
  const inTurn = exclusive();
  const log: string[] = [];
  const task = (name: string) => async (): Promise<string> => {
    log.push(`${name} starts`);
    await Promise.resolve();
    log.push(`${name} ends`);
    if (name === "b") throw new Error("b broke");
    return name;
  };
  const results = await Promise.allSettled([inTurn(task("a")), inTurn(task("b")), inTurn(task("c"))]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(log).toEqual(["a starts", "a ends", "b starts", "b ends", "c starts", "c ends"]);
});
