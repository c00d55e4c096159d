import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";
import { startWatch } from "./watching.ts";

const instance = instanceForEach();
const SLEEP = "image: host\n    command: [sleep, infinity]\n    stop_signal: SIGKILL\n";

async function variable(container: string, name: string): Promise<string> {
  return (await instance().gantry(["exec", container, "printenv", name])).stdout.trim();
}

test("several files, an include, an extended service, an env_file and a profile make one running project", async () => {
  await mkdir(join(instance().folder, "db"));
  await instance().write(
    "compose.yaml",
    `name: shop\ninclude: [db/compose.yaml]\nservices:\n  web:\n    extends: { file: common.yaml, service: base }\n    depends_on: [db]\n    env_file: [web.env]\n  debug:\n    ${SLEEP}    profiles: [debug]\n`,
  );
  await instance().write(
    "common.yaml",
    `services:\n  base:\n    ${SLEEP}    environment: { BASE: 1, BOTH: base }\n`,
  );
  await instance().write("web.env", "FILE=web.env\nBOTH=file\n");
  await instance().write(
    "prod.yaml",
    "services: { web: { environment: [MODE=prod], deploy: { replicas: 2 } } }\n",
  );
  await instance().write(
    "db/compose.yaml",
    `services:\n  db:\n    ${SLEEP}    environment: { SECRET: "\${SECRET}" }\n`,
  );
  await instance().write("db/.env", "SECRET=of the db\n");
  await instance().ok(["apply", "--wait", "-f", "compose.yaml", "-f", "prod.yaml"]);
  expect(await instance().running()).toEqual(["shop-db-1", "shop-web-1", "shop-web-2"]);
  expect(await variable("shop-web-2", "MODE")).toBe("prod");
  expect(await variable("shop-web-2", "BASE")).toBe("1");
  expect(await variable("shop-web-2", "FILE")).toBe("web.env");
  expect(await variable("shop-web-2", "BOTH")).toBe("base");
  expect(await variable("shop-db-1", "SECRET")).toBe("of the db");
  await instance().ok(["up", "--wait", "-f", "compose.yaml", "-f", "prod.yaml", "--profile", "debug"]);
  expect(await instance().running()).toContain("shop-debug-1");
});

test("watch applies a save of any file that was read, and of an override that appears", async () => {
  await instance().write("compose.yaml", "name: shop\ninclude: [part.yaml]\nservices: {}\n");
  await instance().write("part.yaml", `services:\n  web:\n    ${SLEEP}    env_file: web.env\n`);
  await instance().write("web.env", "COLOUR=red\n");
  const watching = await startWatch(instance());
  const colour = (wanted: string) =>
    until(wanted, async () => (await variable("shop-web-1", "COLOUR")) === wanted);
  await colour("red");
  await instance().write("web.env", "COLOUR=green\n");
  await colour("green");
  await instance().write("part.yaml", `services:\n  web:\n    ${SLEEP}    environment: { COLOUR: blue }\n`);
  await colour("blue");
  await instance().write("part.yaml", "services: [");
  await until("the error", () => watching.said().includes("part.yaml:1:"));
  await instance().write("part.yaml", `services:\n  web:\n    ${SLEEP}    environment: { COLOUR: grey }\n`);
  await colour("grey");
  await instance().write("compose.override.yaml", "services: { web: { environment: { COLOUR: white } } }\n");
  await colour("white");
});

test("scale edits the first file, and says so where another one decides", async () => {
  await instance().write("compose.yaml", `name: shop\nservices:\n  web:\n    ${SLEEP}`);
  await instance().ok(["scale", "--wait", "web=2"]);
  expect(await instance().running()).toHaveLength(2);
  await instance().write("compose.override.yaml", "services: { web: { deploy: { replicas: 1 } } }\n");
  const { code, stderr } = await instance().gantry(["scale", "web=3"]);
  expect(code).toBe(1);
  expect(stderr).toContain("another file says otherwise of web");
});
