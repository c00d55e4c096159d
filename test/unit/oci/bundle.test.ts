import { expect, test } from "vitest";
import { parseBundle } from "../../../src/oci/bundle.ts";
import { compileFilter } from "../../../src/oci/filter.ts";
import { Fields } from "../../../src/oci/fields.ts";
import { validateBundle, validateProcess } from "../../../src/oci/validate.ts";

const NAMESPACES = ["pid", "mount", "uts", "ipc", "network"].map((type) => ({ type }));

function bundle(more: object = {}, linux: object = {}) {
  return parseBundle({
    ociVersion: "1.0.2",
    process: { args: ["true"], cwd: "/" },
    root: { path: "rootfs" },
    linux: { namespaces: NAMESPACES, ...linux },
    ...more,
  });
}

test("a plain bundle is taken, with keys nobody knows", () => {
  const found = bundle({ novelty: { a: 1 } });
  validateBundle(found);
  if (found.process !== undefined) validateProcess(found.process);
  expect(found.process).toMatchObject({ args: ["true"], uid: 0, terminal: false });
});

test("names are matched as Go does, letter case aside", () => {
  expect(bundle({ Hostname: "h" }).hostname).toBe("h");
});

test.each<[string, object, object, string]>([
  [
    "a host name without a namespace for it",
    { hostname: "h" },
    { namespaces: [{ type: "mount" }] },
    "private UTS",
  ],
  ["a namespace twice", {}, { namespaces: [...NAMESPACES, { type: "pid" }] }, "duplicated ns"],
  ["a namespace there is not", {}, { namespaces: [{ type: "tree" }] }, "does not exist"],
  ["another version", { ociVersion: "2.0.0" }, {}, "unsupported ociVersion"],
  ["no root", { root: {} }, {}, "root is not specified"],
  [
    "a host's kernel parameter",
    {},
    { sysctl: { "vm.swappiness": "1" } },
    "not in a separate kernel namespace",
  ],
  ["mappings without a user namespace", {}, { uidMappings: [{ size: 1 }] }, "USER namespace isn't enabled"],
  ["a strange propagation", {}, { rootfsPropagation: "wide" }, "rootfsPropagation=wide"],
])("%s is refused", (_, more, linux, message) => {
  expect(() => validateBundle(bundle(more, linux))).toThrow(message);
});

test.each<[string, object, string]>([
  ["a relative hook", { hooks: { prestart: [{ path: "x" }] } }, "hooks.prestart[0].path: an absolute path"],
  ["a number for a text", { hostname: 7 }, "hostname: a string"],
  ["a label nobody applies", { process: { args: ["a"], cwd: "/", apparmorProfile: "p" } }, "apparmorProfile"],
])("%s is refused when it is read", (_, more, message) => {
  expect(() => bundle(more)).toThrow(message);
});

test("a capability that nobody knows is refused", () => {
  const { process } = bundle({ process: { args: ["a"], cwd: "/", capabilities: { bounding: ["CAP_FLY"] } } });
  expect(() => process && validateProcess(process)).toThrow('unknown capability "CAP_FLY"');
});

test("a flag of a filter that is not known is refused, and so is an answer nobody listens for", () => {
  const filter = (more: object) =>
    compileFilter(new Fields({ defaultAction: "SCMP_ACT_ALLOW", ...more }, "linux.seccomp"), 0n);
  const notify = { syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }] };
  expect(filter({})).toBeUndefined();
  expect(() => filter({ flags: ["SECCOMP_FILTER_FLAG_NOVEL"] })).toThrow(
    'unknown flag "SECCOMP_FILTER_FLAG_NOVEL"',
  );
  expect(() => filter(notify)).toThrow("listenerPath is not set");
  expect(filter({ ...notify, listenerPath: "/a", flags: ["SECCOMP_FILTER_FLAG_LOG"] })).toMatchObject({
    flags: 2,
    listener: { path: "/a", metadata: "" },
  });
});
