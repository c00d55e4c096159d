import { expect, test } from "vitest";
import { diagnose, loadText } from "./load-stdin.ts";

async function restart(policy: string, rest = "") {
  const { project } = await loadText(
    `services:\n  web:\n    image: x\n${rest}    deploy: { restart_policy: ${policy} }\n`,
  );
  return project.services["web"]?.restart;
}

test.each([
  ["{}", { name: "unless-stopped" }],
  ["{ condition: none, delay: 5s }", { name: "no" }],
  [
    "{ condition: any, delay: 5s, max_attempts: 3, window: 2m }",
    { name: "unless-stopped", delayMs: 5000, maxRetries: 3, windowMs: 120_000 },
  ],
  ["{ condition: on-failure, delay: 0s, max_attempts: 0 }", { name: "on-failure" }],
])("%s", async (policy, expected) => {
  expect(await restart(policy)).toEqual(expected);
});

test("it goes before restart", async () => {
  expect(await restart("{ condition: none }", "    restart: always\n")).toEqual({ name: "no" });
});

test("an unknown condition is an error with a suggestion", async () => {
  const text = "services:\n  web:\n    image: x\n    deploy: { restart_policy: { condition: on-failur } }\n";
  expect((await diagnose(text)).join("\n")).toContain(
    'expected none, on-failure or any, got "on-failur" (did you mean "on-failure"?)',
  );
});
