import { describe, expect, it } from "vitest";
import { decideRemoval } from "../../../src/image/removal.ts";

const ID = `sha256:${"c".repeat(64)}`;
const BY_NAME = { id: ID, name: "web:1", references: ["web:1"], force: false, users: 0 };
const BY_ID = { ...BY_NAME, name: undefined };

describe("removing an image", () => {
  it("by its only name takes name and image", () => {
    expect(decideRemoval(BY_NAME)).toEqual({ untag: ["web:1"], delete: true });
  });

  it("by one of its names takes only that, even in use", () => {
    const asked = { ...BY_NAME, references: ["web:1", "web:2"], users: 3 };
    expect(decideRemoval(asked)).toEqual({ untag: ["web:1"], delete: false });
  });

  it("in use is refused, and forced takes the names", () => {
    expect(() => decideRemoval({ ...BY_NAME, users: 1 })).toThrow("web:1 is used by 1 container");
    expect(() => decideRemoval({ ...BY_ID, users: 2 })).toThrow("is used by 2 containers");
    expect(decideRemoval({ ...BY_NAME, users: 1, force: true })).toEqual({ untag: ["web:1"], delete: false });
    expect(decideRemoval({ ...BY_ID, users: 1, force: true })).toEqual({ untag: ["web:1"], delete: false });
  });

  it("by id takes its name too, but of several names none unless forced", () => {
    expect(decideRemoval(BY_ID)).toEqual({ untag: ["web:1"], delete: true });
    const references = ["a:1", "b:1"];
    expect(() => decideRemoval({ ...BY_ID, references })).toThrow("has 2 names: a:1, b:1");
    expect(decideRemoval({ ...BY_ID, references, force: true })).toEqual({ untag: references, delete: true });
  });

  it("by the last tag of a repository takes the digests it has there, and not those elsewhere", () => {
    const digest = `web@sha256:${"d".repeat(64)}`;
    const other = `other.example/web@sha256:${"d".repeat(64)}`;
    expect(decideRemoval({ ...BY_NAME, references: ["web:1", digest] })).toEqual({
      untag: ["web:1", digest],
      delete: true,
    });
    expect(decideRemoval({ ...BY_NAME, references: ["web:1", digest, other] })).toEqual({
      untag: ["web:1", digest],
      delete: false,
    });
    expect(decideRemoval({ ...BY_NAME, references: ["web:1", "web:2", digest] })).toEqual({
      untag: ["web:1"],
      delete: false,
    });
    expect(decideRemoval({ ...BY_ID, references: ["web:1", digest, other] })).toMatchObject({ delete: true });
  });

  it("without any name takes the image", () => {
    expect(decideRemoval({ ...BY_ID, references: [] })).toEqual({ untag: [], delete: true });
  });
});
