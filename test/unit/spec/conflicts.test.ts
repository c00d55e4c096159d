import { expect, test } from "vitest";
import { diagnose } from "./load-stdin.ts";

test.each([
  ["80:1", "80:2", true],
  ["80:1", "[::1]:80:2", true],
  ["127.0.0.1:80:1", "0.0.0.0:80:2", true],
  ["[::]:80:1", "[::1]:80:2", true],
  ["127.0.0.1:80:1", "127.0.0.1:80:2", true],
  ["79-81:79-81", "80:2", true],
  ["127.0.0.1:80:1", "127.0.0.2:80:2", false],
  ["0.0.0.0:80:1", "[::]:80:2", false],
  ["80:1", "80:2/udp", false],
  ["0:1", "0:2", false],
  ["1", "1", false],
])("%s and %s of two services conflict: %s", async (first, second, conflict) => {
  const found = await diagnose(
    `services:\n  a: { image: x, ports: ["${first}"] }\n  b: { image: x, ports: ["${second}"] }\n`,
  );
  const message = `the host port 80/${second.endsWith("udp") ? "udp" : "tcp"} is published by service "a" already`;
  expect(found).toEqual(conflict ? [`-:3:26 services.b.ports[0]: ${message}`] : []);
});

test("within a service, one entry twice is one port, and one host port for two is an error", async () => {
  expect(await diagnose('services: { a: { image: x, ports: ["80:1", "80:1"] } }')).toEqual([]);
  expect(await diagnose('services: { a: { image: x, ports: ["80:1", "80:2"] } }')).toEqual([
    "-:1:44 services.a.ports[1]: the host port 80/tcp is published by this service already",
  ]);
});
