import { expect, it } from "vitest";
import { decodeFailure, encodeFrame, FrameReader, u32 } from "../../../src/runtime/frames.ts";

it("a frame is its length, its tag and its parts", () => {
  expect(encodeFrame(7, Buffer.from("ab"), Buffer.from("c")).toString("hex")).toBe("0700000007000000616263");
  expect(encodeFrame(1).toString("hex")).toBe("0400000001000000");
});

it("frames come out of a stream whole, however it is cut", () => {
  const stream = Buffer.concat([encodeFrame(1, Buffer.from("one")), encodeFrame(2), encodeFrame(3, u32(5))]);
  for (let size = 1; size <= stream.length; size++) {
    const reader = new FrameReader();
    const seen: string[] = [];
    for (let at = 0; at < stream.length; at += size)
      for (const { tag, payload } of reader.push(stream.subarray(at, at + size)))
        seen.push(`${tag}:${payload.toString("hex")}`);
    expect(seen, `pieces of ${size}`).toEqual(["1:6f6e65", "2:", "3:05000000"]);
  }
});

it("a failure is read as the C structure has it, with and without room for its zero", () => {
  const of = (about: string): Buffer => {
    const text = Buffer.alloc(160);
    text.write(about);
    return Buffer.concat([u32(4), u32(2), text]);
  };
  expect(decodeFailure(of("exec /bin/x"))).toEqual({ operation: 4, errno: 2, about: "exec /bin/x" });
  expect(decodeFailure(of("x".repeat(160))).about).toHaveLength(160);
});
