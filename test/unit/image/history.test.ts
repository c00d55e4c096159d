import { describe, expect, it } from "vitest";
import { parseHistory } from "../../../src/image/history.ts";

const A = `sha256:${"a".repeat(64)}`;
const B = `sha256:${"b".repeat(64)}`;

describe("an image's history", () => {
  it("gives each step that made a layer its layer", () => {
    const history = [
      { created: "2024-01-01T00:00:00Z", created_by: "FROM scratch" },
      { created_by: "ENV a=b", empty_layer: true },
      { created_by: "RUN make", comment: "buildkit", author: "ann" },
    ];
    expect(parseHistory(JSON.stringify({ history }), [A, B])).toEqual([
      { createdAt: 1_704_067_200_000, createdBy: "FROM scratch", author: "", comment: "", diffId: A },
      { createdAt: 0, createdBy: "ENV a=b", author: "", comment: "" },
      { createdAt: 0, createdBy: "RUN make", author: "ann", comment: "buildkit", diffId: B },
    ]);
  });

  it("that says too little still has a step for every layer", () => {
    const nothing = { createdAt: 0, createdBy: "", author: "", comment: "" };
    expect(parseHistory("{}", [A, B])).toEqual([
      { ...nothing, diffId: A },
      { ...nothing, diffId: B },
    ]);
  });

  it.each(['{"history":{}}', '{"history":[1]}', '{"history":[{"created_by":1}]}'])(
    "%s is refused",
    (text) => {
      expect(() => parseHistory(text, [])).toThrow("the image's configuration is broken: history");
    },
  );
});
