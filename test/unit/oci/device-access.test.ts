import { expect, test } from "vitest";
import { accessRules, allowedOnly } from "../../../src/oci/device-access.ts";
import { Fields } from "../../../src/oci/fields.ts";

const rules = (...devices: readonly object[]) => accessRules(new Fields({ devices }, "linux.resources"));
const fuse = { type: "c", major: 10, minor: 229 };

test("without rules a container has the devices that every one has, and no other", () => {
  const allowed = allowedOnly(accessRules(undefined));
  expect(allowed).toContainEqual(expect.objectContaining({ type: "c", major: 1, minor: 3 }));
  expect(allowed.some(({ type, permissions }) => type === "a" || (type === "b" && permissions !== "m"))).toBe(
    false,
  );
});

test("what is allowed and then denied is not allowed", () => {
  const allow = { ...fuse, allow: true, access: "rwm" };
  const has = (one: { readonly major: number }) => one.major === fuse.major;
  expect(allowedOnly(rules(allow)).some(has)).toBe(true);
  expect(allowedOnly(rules(allow, { ...fuse, allow: false, access: "rwm" })).some(has)).toBe(false);
  expect(allowedOnly(rules(allow, { ...fuse, allow: false, access: "w" })).find(has)?.permissions).toBe("rm");
  expect(allowedOnly(rules(allow, { allow: false, access: "rwm" })).some(has)).toBe(false);
});

test("a hole in a wider rule is refused rather than left open", () => {
  expect(() =>
    allowedOnly(rules({ allow: true, access: "rwm" }, { ...fuse, allow: false, access: "rwm" })),
  ).toThrow("cannot deny c 10:229 rwm");
});
