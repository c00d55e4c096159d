import { expect, test } from "vitest";
import { diagnose, loadText } from "./load-stdin.ts";

async function probes(text: string) {
  const { project } = await loadText(`services:\n  web:\n    image: x\n    x-gantry: ${text}\n`);
  return project.services["web"]?.probes;
}

async function said(text: string) {
  const lines = await diagnose(`services:\n  web:\n    image: x\n    x-gantry: ${text}\n`);
  return lines.map((line) => line.replace(/^-:4:\d+ services\.web\.x-gantry\.?/, ""));
}

test.each([
  ["{ tcp: 80 }", { question: { kind: "tcp", port: 80 } }],
  ["{ tcp: { port: '80' } }", { question: { kind: "tcp", port: 80 } }],
  ["{ exec: test -e /up }", { question: { kind: "exec", command: ["/bin/sh", "-c", "test -e /up"] } }],
  ["{ exec: [probe, 1] }", { question: { kind: "exec", command: ["probe", "1"] } }],
  ["{ http: 80 }", { question: { kind: "http", port: 80, path: "/" } }],
  [
    "{ http: { port: 80, path: /a?b, status: [200, 301-303], headers: { X-A: 1 } }, interval: 1s, timeout: 9ms, failures: 2, successes: 4 }",
    {
      question: {
        kind: "http",
        port: 80,
        path: "/a?b",
        statuses: [
          [200, 200],
          [301, 303],
        ],
        headers: { "X-A": "1" },
      },
      intervalMs: 1000,
      timeoutMs: 9,
      failures: 2,
      successes: 4,
    },
  ],
])("%s", async (text, expected) => {
  expect(await probes(`{ ready: ${text} }`)).toEqual({ ready: expected });
});

test.each([
  ["{}", "a probe has one of exec, tcp and http, this one none"],
  ["{ tcp: 1, http: 1 }", "a probe has one of exec, tcp and http, this one 2"],
  ["{ tcp: 0 }", "expected a whole number from 1 to 65535, got 0"],
  ["{ exec: [] }", "there is nothing to run"],
  ["{ http: { port: 1, path: a } }", 'expected a path that begins with / and has no spaces, got "a"'],
  [
    "{ http: { port: 1, status: 300-200 } }",
    'expected a status code such as 200, or a range such as 200-299, got "300-200"',
  ],
  ["{ tcp: 1, interval: 0s }", "expected a duration of at least 1ms"],
  ["{ tcp: 1, failures: 0 }", "expected a whole number from 1 to 1000000, got 0"],
])("refused: %s", async (text, message) => {
  expect((await said(`{ live: ${text} }`)).join("\n")).toContain(message);
});

test("no header ends the request before its time", async () => {
  const headers = String.raw`{ "X-A": "a\r\n\r\nGET /admin HTTP/1.1" }`;
  expect((await said(`{ live: { http: { port: 1, headers: ${headers} } } }`)).join("\n")).toContain(
    "is no header",
  );
});
