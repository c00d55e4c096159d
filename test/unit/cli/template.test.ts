import { describe, expect, test } from "vitest";
import { execute } from "../../../src/cli/template/execute.ts";
import { parseTemplate } from "../../../src/cli/template/parse.ts";
import { printRows } from "../../../src/cli/template/print.ts";

const DATA = {
  Name: "/web",
  State: { Running: true, Pid: 7, Health: null },
  Args: ["a", "b c"],
  Labels: { x: "1", "y.z": "2" },
  Empty: [],
};

function print(template: string, strict = false): string {
  return execute(parseTemplate(template), DATA, strict);
}

describe("Go's templates, as docker's --format is written", () => {
  test.each([
    ["{{.Name}} {{.State.Pid}}", "/web 7"],
    ["{{json .State}}", '{"Running":true,"Pid":7,"Health":null}'],
    [
      "{{ .Args }} {{.Labels}} {{.Nothing}} {{.State.Health}}",
      "[a b c] map[x:1 y.z:2] <no value> <no value>",
    ],
    ['{{join .Args ", "}} {{.Name | upper | printf "%q"}}', 'a, b c "/WEB"'],
    ['{{index .Labels "y.z"}} {{index .Args 1}} {{len .Args}}', "2 b c 2"],
    ["{{range .Args}}<{{.}}>{{end}}{{range .Empty}}x{{else}}none{{end}}", "<a><b c>none"],
    ["{{range .Labels}}{{.}}{{$.Name}} {{end}}", "1/web 2/web "],
    ["{{if .State.Running}}up{{else}}down{{end}}", "up"],
    ['{{if eq .Name "x"}}x{{else if and .Args (not .Empty)}}both{{end}}', "both"],
    ["{{with .State}}{{.Pid}}{{end}}", "7"],
    ["a {{- /* nothing */ -}} b {{- .State.Pid -}} c", "ab7c"],
    ['{{slice .Name 1}} {{printf "%-4s|%3d|%.1f" "x" 5 1.25}}', "web x   |  5|1.3"],
    ["{{println .Name}}", "/web\n"],
  ])("%s", (template, expected) => {
    expect(print(template)).toBe(expected);
  });

  test.each([
    ["{{.Name", "is not closed"],
    ["{{end}}", "without a beginning"],
    ["{{if .Name}}", "{{end}} is missing"],
    ["{{nope .Name}}", "there is no function nope"],
    ["{{}}", "empty"],
    ["{{index .Args 9}}", "out of range"],
    ["{{(.Name}}", "( is not closed"],
    ["{{.Name %}}", "is not understood"],
  ])("%s is refused", (template, message) => {
    expect(() => print(template)).toThrow(message);
  });

  test("of rows, a field that is not there is told with those that are", () => {
    expect(() => print("{{.Nam}}", true)).toThrow("there is no field Nam; there are Name");
  });

  test("a value cannot reach what is not data", () => {
    expect(print("{{.constructor}}{{.Args.length}}{{.__proto__}}")).toBe("<no value><no value><no value>");
  });
});

test("table has headings of its own, and columns", () => {
  let text = "";
  const rows = [
    { ID: "1", Names: "one", Label: (name: unknown) => `l${String(name)}` },
    { ID: "22", Names: "two", Label: () => "" },
  ];
  const context = { stdout: { write: (more: string | Uint8Array) => ((text += String(more)), true) } };
  printRows(context, 'table {{.ID}}\\t{{.Names}}\\t{{.Label "x"}}', rows, { ID: "CONTAINER ID" });
  expect(text).toBe("CONTAINER ID   NAMES     LABEL\n1              one       lx\n22             two\n");
  text = "";
  printRows(context, "json", rows, {});
  expect(text).toBe('{"ID":"1","Names":"one"}\n{"ID":"22","Names":"two"}\n');
});
