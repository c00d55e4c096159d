import { describe, expect, test } from "vitest";
import { setReplicas } from "../../../src/spec/edit.ts";

/** Lines joined, as they would stand in a file. */
function file(...lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}

describe("the number changes where it stands, and nothing else does:", () => {
  test.each([
    ["scale", file("services:", "  web:", "    scale:   2   # two", "    image: x")],
    [
      "deploy.replicas",
      file("services:", "  web:", "    deploy:", "      # many", "      replicas: 2 # two", "    image: x"),
    ],
    ["a flow map", file("services:", "  web: {image: x,deploy: {replicas: 2}}  # c")],
    ["quoted keys", file("services:", "  'web' :", '    "scale" : 2', "    image: x")],
    [
      "odd indentation",
      file("services:", "        web:", "         scale: 2", "         image: x", "", "", "# end"),
    ],
    ["CRLF", file("services:", "  web:", "    scale: 2 # two", "    image: x").replaceAll("\n", "\r\n")],
    ["a byte order mark", `\uFEFF${file("services:", "  web:", "    scale: 2", "    image: x")}`],
    ["no newline at the end", "services:\n  web:\n    image: x\n    scale: 2"],
    ["JSON", '{"services": {"web": {"image": "x", "scale": 2}}}'],
    [
      "an own key beside a merge",
      file("x-a: &a { scale: 7 }", "services:", "  web:", "    <<: *a", "    scale: 2", "    image: x"),
    ],
  ])("%s", (_name, text) => {
    expect(setReplicas(text, "web", 15)).toBe(text.replace(/(scale|replicas)("? ?: *)2/, "$1$215"));
  });
});

test("a quoted number becomes a plain one", () => {
  expect(setReplicas(file("services:", "  web:", '    scale: "2"', "    image: x"), "web", 3)).toBe(
    file("services:", "  web:", "    scale: 3", "    image: x"),
  );
});

test("where both keys stand, both change", () => {
  const text = file("services:", "  web:", "    scale: 2", "    deploy: { replicas: 2 }", "    image: x");
  expect(setReplicas(text, "web", 3)).toBe(text.replaceAll("2", "3"));
});

describe("where no number stands, deploy.replicas is added:", () => {
  test.each<readonly [string, string, string]>([
    [
      "below the last key, above the comments that follow",
      file("services:", "  web:", "    image: x # c", "    # tail", "  b:", "    image: y"),
      file(
        "services:",
        "  web:",
        "    image: x # c",
        "    deploy:",
        "      replicas: 3",
        "    # tail",
        "  b:",
        "    image: y",
      ),
    ],
    [
      "below a list that is not indented",
      file("services:", "  web:", "    image: x", "    ports:", "    - 80:80 # p", "", "volumes: {}"),
      file(
        "services:",
        "  web:",
        "    image: x",
        "    ports:",
        "    - 80:80 # p",
        "    deploy:",
        "      replicas: 3",
        "",
        "volumes: {}",
      ),
    ],
    [
      "below a block scalar that keeps its blank lines",
      file("services:", "  web:", "    image: x", "    command: |+", "      a", "", "  b:", "    image: y"),
      file(
        "services:",
        "  web:",
        "    image: x",
        "    command: |+",
        "      a",
        "",
        "    deploy:",
        "      replicas: 3",
        "  b:",
        "    image: y",
      ),
    ],
    [
      "with CRLF",
      "services:\r\n  web:\r\n    image: x\r\n",
      "services:\r\n  web:\r\n    image: x\r\n    deploy:\r\n      replicas: 3\r\n",
    ],
    [
      "at the end of the file",
      "services:\n  web:\n    image: x",
      "services:\n  web:\n    image: x\n    deploy:\n      replicas: 3",
    ],
    [
      "in the deploy that is there",
      file("services:", "  web:", "    deploy:", "      # r", "      resources: {}", "    image: x"),
      file(
        "services:",
        "  web:",
        "    deploy:",
        "      # r",
        "      replicas: 3",
        "      resources: {}",
        "    image: x",
      ),
    ],
    [
      "in an empty deploy",
      file("services:", "  web:", "    deploy: {} # none", "    image: x"),
      file("services:", "  web:", "    deploy: { replicas: 3 } # none", "    image: x"),
    ],
    [
      "in a deploy of nothing",
      file("services:", "  web:", "    deploy: # none", "    image: x"),
      file("services:", "  web:", "    deploy: { replicas: 3 } # none", "    image: x"),
    ],
    [
      "in a flow map",
      file("services: { web: { image: x } } # c"),
      file("services: { web: { deploy: { replicas: 3 }, image: x } } # c"),
    ],
    [
      "in JSON, which stays JSON",
      '{"services":{"web":{"image":"x"}}}',
      '{"services":{"web":{"deploy": { "replicas": 3 }, "image":"x"}}}',
    ],
  ])("%s", (_name, before, after) => {
    expect(setReplicas(before, "web", 3)).toBe(after);
  });
});

describe("an edit is refused, with the line, where", () => {
  test.each<readonly [string, string, string]>([
    [
      "the service is not there",
      file("services:", "  b: { image: x }"),
      "line 1: cannot set the replicas of web: there is no such service",
    ],
    [
      "a variable gives the number",
      file("services:", "  web:", "    image: x", "    scale: ${N:-2}"),
      'line 4: cannot set the replicas of web: its scale comes from the variable in "${N:-2}"',
    ],
    [
      "an alias gives the number",
      file("x-n: &n 2", "services:", "  web: { image: x, scale: *n }"),
      "line 3: cannot set the replicas of web: its scale is an alias",
    ],
    [
      "an alias gives the deploy",
      file("x-d: &d { replicas: 2 }", "services:", "  web: { image: x, deploy: *d }"),
      "line 3: cannot set the replicas of web: its deploy is an alias",
    ],
    [
      "a merge key gives the number",
      file("x-a: &a { scale: 2 }", "services:", "  web: { <<: *a, image: x }"),
      "line 3: cannot set the replicas of web: its scale comes from a merge key",
    ],
    [
      "a merge key gives the deploy",
      file("x-a: &a { deploy: { mode: global } }", "services:", "  web: { <<: *a, image: x }"),
      "line 3: cannot set the replicas of web: its deploy comes from a merge key",
    ],
    [
      "a merge key gives the number inside deploy",
      file("x-a: &a { replicas: 2 }", "services:", "  web: { deploy: { <<: *a }, image: x }"),
      "line 3: cannot set the replicas of web: its deploy.replicas comes from a merge key",
    ],
    [
      "the service is an alias",
      file("x-a: &a { image: x }", "services:", "  web: *a"),
      "line 3: cannot set the replicas of web: the service is an alias",
    ],
    [
      "another service shares the number",
      file("services:", "  web: { image: x, scale: &n 2 }", "  b: { image: x, scale: *n }"),
      "line 2: cannot set the replicas of web: its scale has the anchor &n, which others may use",
    ],
    [
      "another service shares the map",
      file("services:", "  web: &w { image: x, scale: 2 }", "  b: { <<: *w }"),
      "line 2: cannot set the replicas of web: changing it here would change other things too (an anchor is shared)",
    ],
    [
      "the file has errors",
      file("services:", "  web: { image: x, image: y }"),
      "line 1: cannot set the replicas of web: the file has errors (gantry plan shows them)",
    ],
  ])("%s", (_name, text, message) => {
    expect(() => setReplicas(text, "web", 3)).toThrow(
      expect.objectContaining({ code: "spec.invalid", message }) as Error,
    );
  });
});

test("text that is not YAML is refused as such", () => {
  expect(() => setReplicas('services: { web: "', "web", 3)).toThrow(
    expect.objectContaining({ code: "spec.syntax" }) as Error,
  );
});

test.each([-1, 1.5, 10_001, Number.NaN])("%d is no number of replicas", (replicas) => {
  expect(() => setReplicas("services: { web: { image: x } }", "web", replicas)).toThrow(
    "expected from 0 to 10000",
  );
});
