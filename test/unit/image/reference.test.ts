import { describe, expect, it } from "vitest";
import { formatReference, parseReference } from "../../../src/image/reference.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

describe("a reference is shown as docker shows it", () => {
  it.each([
    ["alpine", "alpine:latest"],
    ["alpine:3.20", "alpine:3.20"],
    ["library/alpine", "alpine:latest"],
    ["docker.io/library/alpine:3", "alpine:3"],
    ["index.docker.io/library/alpine", "alpine:latest"],
    ["docker.io/team/web", "team/web:latest"],
    ["library/team/web", "library/team/web:latest"],
    ["localhost/web", "localhost/web:latest"],
    ["localhost:5000/web", "localhost:5000/web:latest"],
    ["registry.example.org/a/b/c:v1.2-rc_3", "registry.example.org/a/b/c:v1.2-rc_3"],
    ["[::1]:5000/web", "[::1]:5000/web:latest"],
    ["Registry/web", "Registry/web:latest"],
    ["a__b.c---d", "a__b.c---d:latest"],
    [`web@${DIGEST}`, `web@${DIGEST}`],
    [`web:1@${DIGEST}`, `web:1@${DIGEST}`],
  ])("%s is %s, and that is itself", (text, shown) => {
    expect(formatReference(parseReference(text))).toBe(shown);
    expect(formatReference(parseReference(shown))).toBe(shown);
  });
});

describe("what is no reference is refused", () => {
  it.each([
    ["", "it is empty"],
    ["Alpine", "must be in lower case"],
    ["a b", '"a b" is not a name'],
    ["a//b", "a part of its name is empty"],
    ["/a", "a part of its name is empty"],
    ["a/", "a part of its name is empty"],
    ["../a", "is not a registry's address"],
    ["a/../b", '".." is not a name'],
    ["-a", '"-a" is not a name'],
    ["a:", '"" is not a tag'],
    ["a:-x", '"-x" is not a tag'],
    [`a:${"x".repeat(129)}`, "is not a tag"],
    ["a@sha256:abc", "its digest is not"],
    [`a@sha512:${"a".repeat(128)}`, "its digest is not"],
    ["a:1:2", '"a:1" is not a name'],
    ["a\nb", "is not a name"],
    ["f".repeat(64), "are an id"],
    [`x/${"f".repeat(300)}`, "longer than 255 characters"],
    ["x".repeat(5000), "longer than 1024 characters"],
    ["a..b", '"a..b" is not a name'],
    ["a___b", '"a___b" is not a name'],
  ])("%j: %s", (text, words) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "request.invalid" }));
    expect(() => parseReference(text)).toThrow(words);
  });
});
