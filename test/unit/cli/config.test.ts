import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { config } from "../../../src/cli/verbs/config.ts";
import type { ConfigOptions } from "../../../src/cli/verbs/config.ts";
import { TextBuffer } from "./text-buffer.ts";

const SPEC = `services:
  web: { image: "web:\${TAG:-1}", ports: ["80:80"], environment: { PRICE: "5$$" }, volumes: ["data:/d"] }
  debug: { image: tools, profiles: [debug] }
volumes: { data: }
`;

/** What \`gantry config\` prints of SPEC in a folder called shop. */
async function printed(
  options: Partial<ConfigOptions>,
): Promise<{ readonly code: number; readonly text: string }> {
  const cwd = await mkdtemp(join(tmpdir(), "gantry-config-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  await writeFile(join(cwd, "compose.yaml"), SPEC);
  const stdout = new TextBuffer();
  const paths = { root: cwd, run: cwd, socket: join(cwd, "none.sock") };
  const context = { paths, cwd, env: {}, stdin: process.stdin, stdout, stderr: new TextBuffer() };
  const code = await config(context, { output: "yaml", interpolate: true, project: "shop", ...options });
  return { code, text: stdout.text };
}

test("prints the whole in its long form, as YAML that means the same", async () => {
  expect((await printed({})).text).toBe(`name: shop
services:
  web:
    image: web:1
    ports:
      - mode: ingress
        target: 80
        published: "80"
        protocol: tcp
    volumes:
      - type: volume
        source: data
        target: /d
    environment:
      PRICE: 5$$
volumes:
  data:
    name: shop_data
`);
});

test.each([
  [{ services: true }, "web\n"],
  [{ services: true, profile: ["*"] }, "web\ndebug\n"],
  [{ images: true }, "web:1\n"],
  [{ volumes: true }, "data\n"],
  [{ profiles: true, profile: ["debug"] }, "debug\n"],
  [{ quiet: true }, ""],
])("prints only what %o asks for", async (options, text) => {
  expect(await printed(options)).toEqual({ code: 0, text });
});

test("prints JSON, and variables as they are written", async () => {
  const { text } = await printed({ output: "json", interpolate: false });
  expect(JSON.parse(text)).toMatchObject({ services: { web: { image: "web:${TAG:-1}", ports: ["80:80"] } } });
});

test("a service's hash changes with the service, and an unknown service is an error", async () => {
  const { text } = await printed({ hash: "*" });
  expect(text).toMatch(/^web [0-9a-f]{64}\n$/);
  expect((await printed({ hash: "web" })).text).toBe(text);
  await expect(printed({ hash: "wbe" })).rejects.toMatchObject({
    code: "request.invalid",
    next: "it has: web",
  });
});
