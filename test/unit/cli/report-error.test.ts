import { expect, test } from "vitest";
import { GantryError } from "../../../src/error.ts";
import { errorText, exitStatus } from "../../../src/cli/report-error.ts";
import { SpecError } from "../../../src/spec/diagnostic.ts";

const diagnostic = {
  severity: "error",
  file: "compose.yaml",
  line: 3,
  column: 5,
  path: "services.web",
  message: "no",
} as const;

test("an error is its message and, indented, what to do next", () => {
  expect(errorText(new GantryError("conflict", "the name is taken", { next: "try: another" }), false)).toBe(
    "gantry: the name is taken\n  try: another\n",
  );
});

test("spec errors are their diagnostics and nothing else, so that editors can jump to them", () => {
  expect(errorText(new SpecError("spec.invalid", [diagnostic]), false)).toBe(
    "compose.yaml:3:5 services.web: no\n",
  );
});

test("a file that is not there has no position", () => {
  const missing = { ...diagnostic, file: "nope.yaml", path: "", message: "no such file" };
  expect(errorText(new SpecError("spec.not-found", [missing], { next: "name another" }), false)).toBe(
    "gantry: nope.yaml: no such file\n  name another\n",
  );
});

test("exec ends as docker's does: 127 not found, 126 not executable, 125 for what is ours", () => {
  const codes = ["command.not-found", "command.not-executable", "container.not-found"] as const;
  expect(codes.map((code) => exitStatus("exec", new GantryError(code, "")))).toEqual([127, 126, 125]);
});

test("plan keeps status 2 for changes, every other verb uses it for a wrong command line", () => {
  const error = new GantryError("request.invalid", "");
  expect([
    exitStatus("plan", error),
    exitStatus("scale", error),
    exitStatus("scale", new Error("x")),
  ]).toEqual([1, 2, 1]);
});
