import { describe, expect, test } from "vitest";
import { diagnose } from "./load-stdin.ts";

/** What stands in the service, and all that is said about it. Service keys begin at line 4, column 5. */
const SERVICE: readonly (readonly [string, string, readonly string[]])[] = [
  ["a mistyped key", "prots: []", ['-:4:5 services.web.prots: unknown key (did you mean "ports"?)']],
  [
    "a camelCase key",
    "stopSignal: TERM",
    ['-:4:5 services.web.stopSignal: unknown key (did you mean "stop_signal"?)'],
  ],
  ["a key like no other", "zzzzzz: 1", ["-:4:5 services.web.zzzzzz: unknown key"]],
  ["a list for text", "hostname: [a]", ["-:4:15 services.web.hostname: expected text, got a list"]],
  ["nothing for a list", "ports:", ["-:4:5 services.web.ports: expected a list, got nothing"]],
  ["text for a list", "volumes: data", ['-:4:14 services.web.volumes: expected a list, got "data"']],
  ["a list for a map or list", "labels: 5", ["-:4:13 services.web.labels: expected a map or a list, got 5"]],
  ["a map for a number", "scale: {}", ["-:4:12 services.web.scale: expected a whole number, got a map"]],
  ["a word for a number", "scale: many", ['-:4:12 services.web.scale: expected a whole number, got "many"']],
  ["half a replica", "scale: 1.5", ["-:4:12 services.web.scale: expected a whole number, got 1.5"]],
  [
    "negative replicas",
    "scale: -1",
    ["-:4:12 services.web.scale: expected a whole number from 0 to 10000, got -1"],
  ],
  [
    "too many replicas",
    "scale: 10001",
    ["-:4:12 services.web.scale: expected a whole number from 0 to 10000, got 10001"],
  ],
  ["a word for a truth value", "init: yes", ['-:4:11 services.web.init: expected true or false, got "yes"']],
  [
    "disagreeing replicas",
    "scale: 2\n    deploy: { replicas: 3 }",
    ["-:4:12 services.web.scale: disagrees with deploy.replicas (2 and 3); keep one of the two"],
  ],
  [
    "disagreeing limits",
    "cpus: 1\n    deploy: { resources: { limits: { cpus: 2 } } }",
    ["-:4:11 services.web.cpus: disagrees with deploy.resources.limits.cpus; keep one of the two"],
  ],
  [
    "several replicas of one name",
    "scale: 2\n    container_name: one",
    ["-:5:5 services.web.container_name: 2 replicas cannot share one container name"],
  ],
  [
    "a negative size",
    "mem_limit: -5m",
    ['-:4:16 services.web.mem_limit: expected a size such as 512m, 1.5g or a number of bytes, got "-5m"'],
  ],
  [
    "a negative number of CPUs",
    "cpus: -1",
    ["-:4:11 services.web.cpus: expected a number of CPUs of at least 0.01, got -1"],
  ],
  [
    "a word for CPUs",
    "cpus: two",
    ['-:4:11 services.web.cpus: expected a number of CPUs such as 0.5 or 2, got "two"'],
  ],
  [
    "a duration without a unit",
    "stop_grace_period: 10",
    ['-:4:24 services.web.stop_grace_period: expected a duration such as 10s or 1m30s, got "10"'],
  ],
  [
    "an unknown signal",
    "stop_signal: SIGTREM",
    ['-:4:18 services.web.stop_signal: "SIGTREM" is not a signal (did you mean "SIGTERM"?)'],
  ],
  [
    "an unknown restart policy",
    "restart: allways",
    [
      '-:4:14 services.web.restart: expected "no", "always", "on-failure", "on-failure:N" or "unless-stopped", got "allways" (did you mean "always"?)',
    ],
  ],
  [
    "a port that is none",
    'ports: ["http"]',
    ['-:4:13 services.web.ports[0]: "http" is not a port number or a range of them'],
  ],
  [
    "a port out of range",
    "ports: [70000]",
    ["-:4:13 services.web.ports[0]: the port 70000 is not between 1 and 65535"],
  ],
  [
    "an unknown protocol",
    'ports: ["80/tpc"]',
    ['-:4:13 services.web.ports[0]: the protocol "tpc" is neither tcp nor udp'],
  ],
  [
    "a long port without target",
    "ports: [{ published: 80 }]",
    ['-:4:13 services.web.ports[0]: "target" is missing'],
  ],
  [
    "a wrong word of an enumeration",
    "volumes: [{ type: bnid, target: /a }]",
    [
      '-:4:23 services.web.volumes[0].type: expected "bind", "volume", "tmpfs", "image", "cluster" or "npipe", got "bnid" (did you mean "bind"?)',
    ],
  ],
  [
    "an undeclared volume",
    'volumes: ["data:/data"]',
    [
      '-:4:15 services.web.volumes[0]: the volume "data" is not declared; add it to the top-level volumes, or write ./data',
    ],
  ],
  [
    "two mounts on one path",
    'volumes: ["/a", "/a/"]',
    ["-:4:21 services.web.volumes[1]: something is mounted at /a already"],
  ],
  [
    "a relative target",
    'volumes: ["./a:b"]',
    ['-:4:15 services.web.volumes[0]: "b" is not an absolute path inside the container'],
  ],
  [
    "a mount over the root",
    'volumes: ["./a:/x/.."]',
    ["-:4:15 services.web.volumes[0]: nothing can be mounted over the container's root"],
  ],
  [
    "an unknown mount option",
    'volumes: ["./a:/b:rx"]',
    ['-:4:15 services.web.volumes[0]: unknown mount option "rx" (known are ro, rw, z, Z and nocopy)'],
  ],
  [
    "a relative working folder",
    "working_dir: app",
    ['-:4:18 services.web.working_dir: "app" is not an absolute path inside the container'],
  ],
  ["an open quote", "command: echo 'a", ["-:4:14 services.web.command: the quote ' is never closed"]],
  [
    "a variable without a name",
    "command: echo $5",
    ['-:4:14 services.web.command: "$5" is not a variable; write $$ for a dollar sign'],
  ],
  [
    "a required variable",
    "hostname: ${HOST:?set the host}",
    ["-:4:15 services.web.hostname: the variable HOST must be set: set the host"],
  ],
  [
    "a variable that is not set",
    "command: echo $NOPE",
    ["-:4:14 services.web.command: the variable NOPE is not set, using an empty value"],
  ],
  [
    "an unquoted variable in a flow list",
    "ports: [${PORT}]",
    ['-:4:14: inside { } or [ ] a value with a variable needs quotes: "${NAME}"'],
  ],
  [
    "a dependency that is not there",
    "depends_on: [wbe]",
    ['-:4:18 services.web.depends_on[0]: there is no service "wbe" (did you mean "web"?)'],
  ],
  ["a circular dependency", "depends_on: [web]", ["-:4:5 services.web.depends_on: circular: web -> web"]],
  ["a known key that is not built", "develop: {}", ["-:4:5 services.web.develop: not built yet, ignored"]],
  [
    "a duplicate key",
    "hostname: a\n    hostname: b",
    ["-:5:5 services.web.hostname: this key appears twice in the same map"],
  ],
  [
    "an unknown alias",
    "hostname: *a",
    ["-:4:15 services.web.hostname: no anchor &a stands before this alias"],
  ],
  ["a NUL character", 'hostname: "a\\0b"', ["-:4:15 services.web.hostname: contains a NUL character"]],
  ["an own key of gantry's users", "x-note: [anything]", []],
];

describe("in a service, the answer is exact for", () => {
  test.each(SERVICE)("%s", async (_name, keys, expected) => {
    expect(await diagnose(`services:\n  web:\n    image: x\n    ${keys}\n`)).toEqual(expected);
  });
});

const FILES: readonly (readonly [string, string, readonly string[]])[] = [
  ["an empty file", "", ["-:1:1: the file is empty"]],
  ["only a comment", "# later\n", ["-:1:1: the file is empty"]],
  ["a list", "- a\n", ["-:1:1: expected a map, got a list"]],
  ["no services", "name: a\n", ['-:1:1: "services" is missing']],
  [
    "a mistyped section",
    "service: {}\nservices: {}\n",
    ['-:1:1 service: unknown key (did you mean "services"?)'],
  ],
  [
    "the obsolete version",
    "version: '3'\nservices: {}\n",
    ["-:1:1 version: obsolete and ignored; remove it"],
  ],
  ["no image", "services:\n  a: {}\n", ['-:2:3 services.a: "image" is missing']],
  [
    "a build",
    "services:\n  a: { build: { context: ., network: x } }\n",
    ['-:2:38 services.a.build.network: expected default, none or host, got "x"'],
  ],
  [
    "a bad service name",
    "services:\n  a b: { image: x }\n",
    ['-:2:3 services.a b: not a valid name (letters, digits, ".", "_" and "-", at most 63)'],
  ],
  [
    "a hostile service name",
    "services:\n  __proto__: { image: x }\n",
    ['-:2:3 services: "__proto__" cannot be a key'],
  ],
  [
    "a bad image",
    "services:\n  a: { image: Nope Nope }\n",
    [
      '-:2:15 services.a.image: "Nope Nope" is not an image reference such as nginx:1.27 (lower case, no blanks)',
    ],
  ],
  [
    "a bad project name",
    "name: Shop\nservices: {}\n",
    [
      '-:1:7 name: "Shop" is not a project name (lower-case letters, digits, - and _, beginning with a letter or a digit, at most 63)',
    ],
  ],
  [
    "one host port twice",
    'services:\n  a: { image: x, ports: ["80:1"] }\n  b: { image: x, ports: ["127.0.0.1:80:2"] }\n',
    ['-:3:26 services.b.ports[0]: the host port 80/tcp is published by service "a" already'],
  ],
  [
    "a circle of services",
    "services:\n  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: { a: {} } }\n",
    ["-:2:18 services.a.depends_on: circular: a -> b -> a"],
  ],
  [
    "a merge of no map",
    "services:\n  a: { image: x, <<: 5 }\n",
    ["-:2:22 services.a.<<: a merge key takes a map, or a list of maps"],
  ],
  [
    "an anchor inside itself",
    "x-a: &a { b: *a }\nservices: {}\n",
    ["-:1:14 x-a.b.b: the anchor &a contains itself"],
  ],
  ["a tab", "services:\n\ta: {}\n", ["-:2:1: Tabs are not allowed as indentation"]],
  ["an open quote", 'services: { a: "x', ['-:1:18: Missing closing "quote']],
  [
    "the second of two documents",
    "services: { a: { image: x } }\n---\nservices: { a: { scale: many } }\n",
    ['-:3:25 services.a.scale: expected a whole number, got "many"'],
  ],
  [
    "a volume that leaves the store",
    "services: {}\nvolumes:\n  a: { name: ../../etc }\n",
    [
      '-:3:14 volumes.a.name: "../../etc" is not a volume name (letters, digits, ".", "_" and "-", at most 128)',
    ],
  ],
  [
    "an unfinished image source",
    "services: {}\nimages:\n  a: {}\n",
    ['-:3:3 images.a: expected one of "import" and "build"'],
  ],
];

describe("in a file, the answer is exact for", () => {
  test.each(FILES)("%s", async (_name, text, expected) => {
    expect(await diagnose(text)).toEqual(expected);
  });
});

test("all problems of all stages are told at once", async () => {
  const found = await diagnose(
    'services:\n  a: { image: 5, prots: [], cpus: "-" }\n  b: { image: x, ports: [{}], scale: "${N:?}" }\n',
  );
  expect(found).toEqual([
    "-:2:15 services.a.image: expected text, got 5",
    '-:2:18 services.a.prots: unknown key (did you mean "ports"?)',
    '-:2:35 services.a.cpus: expected a number of CPUs such as 0.5 or 2, got "-"',
    '-:3:26 services.b.ports[0]: "target" is missing',
    "-:3:38 services.b.scale: the variable N must be set",
  ]);
});

test("what an anchor holds is told once, however many services use it", async () => {
  const text = "x-a: &a\n  image: x\n  pull_refresh_after: 1h\nservices:\n  a: *a\n  b: *a\n";
  expect(await diagnose(text)).toEqual(["-:3:3 services.a.pull_refresh_after: not built yet, ignored"]);
});

test("with strict, a key that is not built is an error", async () => {
  const text = "services:\n  a: { image: x, pull_refresh_after: 1h }\n";
  expect(await diagnose(text, { strict: true })).toEqual([
    "-:2:18 services.a.pull_refresh_after: not built yet",
  ]);
});
