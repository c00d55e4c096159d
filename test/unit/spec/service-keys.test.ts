import { arch } from "node:process";
import { expect, test } from "vitest";
import { diagnose, loadText } from "./load-stdin.ts";

const HERE = arch === "x64" ? "linux/amd64" : `linux/${arch}`;

async function service(text: string, rest = "") {
  const { project } = await loadText(`services:\n  web:\n    image: x\n    ${text}\n${rest}`);
  return project.services["web"];
}

async function said(text: string, rest = "") {
  const lines = await diagnose(`services:\n  web:\n    image: x\n    ${text}\n${rest}`);
  return lines.map((line) => line.replace("-:4:", ""));
}

test("a container's own name, annotations", async () => {
  expect(await service("container_name: front\n    annotations: [a=1]")).toMatchObject({
    containerName: "front",
    annotations: { a: "1" },
  });
  expect(await said("container_name: '-x'")).toEqual([
    '21 services.web.container_name: "-x" is not a container\'s name (letters, digits, ".", "_" and "-", at most 128)',
  ]);
});

test.each([
  ["{ driver: none }", { driver: "none" }],
  ["{ driver: json-file }", undefined],
  ["{ options: { max-size: 10m } }", { driver: "files", maxBytes: 10_485_760, maxFiles: 1 }],
  [
    "{ driver: local, options: { max-size: 1k0 } }".replace("1k0", "8k"),
    { driver: "files", maxBytes: 8192, maxFiles: 5 },
  ],
  [
    '{ driver: json-file, options: { max-size: 10m, max-file: "3" } }',
    { driver: "files", maxBytes: 10_485_760, maxFiles: 3 },
  ],
])("logging: %s", async (text, log) => {
  expect((await service(`logging: ${text}`))?.log).toEqual(log);
});

test.each([
  [
    "logging: { driver: syslog }",
    [
      "24 services.web.logging.driver: gantry keeps the output itself and sends it nowhere, so no syslog: json-file, local or none (a collector can read gantry logs -f)",
    ],
  ],
  [
    "logging: { options: { max-sise: 1m } }",
    ["27 services.web.logging.options.max-sise: unknown option (known are max-size and max-file)"],
  ],
  [
    "logging: { options: { max-size: 1 } }",
    ["37 services.web.logging.options.max-size: expected at least 4k, got 1"],
  ],
  [
    "logging: { options: { tag: x } }",
    ["27 services.web.logging.options.tag: has no effect: lines are kept as they are"],
  ],
  [
    "runtime: nvidia",
    ["14 services.web.runtime: gantry runs containers itself: there is no nvidia; remove it"],
  ],
  ["isolation: hyperv", ['16 services.web.isolation: "hyperv" is Windows\'; remove it']],
  [
    "gpus: all",
    [
      "5 services.web.gpus: gantry installs no GPU driver into containers; give it the devices: /dev/dri, /dev/nvidia0, ...",
    ],
  ],
  ["cpu_percent: 5", ["5 services.web.cpu_percent: Windows only, ignored"]],
])("%s is told", async (text, lines) => {
  expect(await said(text)).toEqual(lines);
});

test("this machine's platform, in every spelling, and no other", async () => {
  for (const platform of ["linux", HERE, HERE.replace("linux/", ""), `${HERE}/v2`])
    expect(await said(`platform: ${platform}`)).toEqual([]);
  expect(await said("platform: linux/s390x")).toEqual([
    `15 services.web.platform: this machine runs ${HERE}, and gantry emulates no other; remove it, or use an image that has it`,
  ]);
});

test("CPU time in the kernel's words, and what deploy reserves", async () => {
  expect((await service("cpu_quota: 50000"))?.limits).toEqual({ nanocpus: 5e8 });
  expect((await service("cpu_quota: 50000\n    cpu_period: 25000"))?.limits).toEqual({ nanocpus: 2e9 });
  expect((await service("cpu_quota: -1"))?.limits).toEqual({});
  expect((await service("deploy: { resources: { reservations: { memory: 8m } } }"))?.limits).toEqual({
    memoryReservationBytes: 8_388_608,
  });
});

test("volumes of docker's local driver: a folder of the host's, or memory", async () => {
  const volumes = `volumes:
  bound: { driver: local, driver_opts: { type: none, o: "bind,ro", device: ./here } }
  memory: { driver_opts: { type: tmpfs, device: tmpfs, o: "size=1m,uid=5" } }
`;
  const web = await service("volumes: [bound:/b, memory:/m:ro]", volumes);
  expect(web?.mounts).toEqual([
    { type: "bind", source: "/nowhere/shop/here", target: "/b", readOnly: true, createSource: false },
    { type: "tmpfs", target: "/m", sizeBytes: 1_048_576, uid: 5, readOnly: true },
  ]);
  expect(
    await said("volumes: [v:/v]", "volumes: { v: { driver_opts: { type: nfs, device: ':/x' } } }"),
  ).toEqual([
    '-:5:30 volumes.v.driver_opts: the type "nfs" is not mounted by gantry; mount it on this machine, and use o: bind with its folder as device'.replace(
      "is mounted by gantry",
      "is not mounted by gantry",
    ),
  ]);
  expect(await said("volumes: [v:/v]", "volumes: { v: { driver: rexray } }")).toEqual([
    "-:5:25 volumes.v.driver: gantry has no volume plug-ins: there is no rexray; remove it",
  ]);
});

test("a volume's real name, in the older form too", async () => {
  const web = await service(
    "volumes: [v:/v, w:/w]",
    "volumes: { v: { external: { name: real } }, w: { name: own } }",
  );
  expect(web?.mounts).toMatchObject([{ source: "real" }, { source: "own" }]);
});

test("volumes_from: mounts of another service, through several, its own winning", async () => {
  const { project } = await loadText(`services:
  a: { image: x, volumes: [data:/data, /conf:/conf], tmpfs: /tmp }
  b: { image: x, volumes_from: [a:ro], volumes: [/other:/conf] }
  c: { image: x, volumes_from: [b] }
volumes: { data: }
`);
  const mounts = project.services["c"]?.mounts.map((mount) => [
    mount.target,
    "source" in mount && mount.source,
    mount.readOnly,
  ]);
  expect(mounts).toEqual([
    ["/conf", "/other", false],
    ["/data", "shop_data", true],
  ]);
});

test.each([
  ["volumes_from: [wbe]", '20 services.web.volumes_from[0]: there is no service "wbe" (did you mean "web"?)'],
  [
    "volumes_from: ['container:x']",
    "20 services.web.volumes_from[0]: containers outside of the project cannot be named; mount the volumes by their names",
  ],
])("%s is refused", async (text, line) => {
  expect(await said(text)).toEqual([line]);
});
