import { expect, test } from "vitest";
import { loadText } from "./load-stdin.ts";

test("a service that names only its image gets every default", async () => {
  const { project, warnings } = await loadText("services:\n  web:\n    image: nginx:1.27\n");
  expect(warnings).toEqual([]);
  expect(project).toEqual({
    name: "shop",
    services: {
      web: {
        image: "nginx:1.27",
        environment: {},
        ports: [],
        mounts: [],
        replicas: 1,
        limits: {},
        restart: { name: "no" },
        stopGraceMs: 10_000,
        labels: {},
        init: false,
      },
    },
    volumes: {},
    images: {},
    workingFolder: "/nowhere/shop",
    files: ["-"],
  });
});

test("every key of this version reaches the project", async () => {
  const { project, warnings } = await loadText(
    `
name: full
services:
  web:
    image: tools
    command: sh -c "echo 'a b' $$HOME"
    entrypoint: ["/bin/env", 1.10, true]
    environment: { VERSION: 1.10, ZIP: 01234, ON: true, INHERITED: , ABSENT: , EMPTY: "" }
    working_dir: /srv//app/
    user: 1000
    hostname: web-1
    ports: [80, "8080:80/udp"]
    volumes:
      - data:/data:ro
      - ./site:/site
      - ~/keys:/keys:ro,z
      - /scratch
      - { type: tmpfs, target: /cache, tmpfs: { size: 64m, mode: 0755 } }
      - { type: bind, source: ../etc, target: /e, bind: { create_host_path: false } }
      - { type: volume, source: shared, target: /shared, read_only: true }
    tmpfs: /run:size=1k,mode=1777
    deploy:
      replicas: 3
      resources: { limits: { cpus: "0.5", memory: 64M, pids: 100 } }
    restart: on-failure:3
    stop_signal: quit
    stop_grace_period: 1m30s
    labels: ["a=b=c", flag]
    init: true
volumes:
  data: { labels: { tier: 1 } }
  shared: { external: true, name: big-disk }
images:
  tools: { import: ./rootfs.tar.gz }
`
      .replace("INHERITED: ,", "INHERITED: null,")
      .replace("ABSENT: ,", "ABSENT: null,"),
    { env: { HOME: "/home/ada", INHERITED: "yes" } },
  );
  expect(warnings).toEqual([]);
  expect(project.services["web"]).toEqual({
    image: "tools",
    command: ["sh", "-c", "echo 'a b' $HOME"],
    entrypoint: ["/bin/env", "1.10", "true"],
    environment: { VERSION: "1.10", ZIP: "01234", ON: "true", INHERITED: "yes", EMPTY: "" },
    workingDir: "/srv/app",
    user: "1000",
    hostname: "web-1",
    ports: [
      { protocol: "tcp", hostPort: 0, containerPort: 80 },
      { protocol: "udp", hostPort: 8080, containerPort: 80 },
    ],
    mounts: [
      { type: "volume", source: "full_data", target: "/data", readOnly: true },
      { type: "bind", source: "/nowhere/shop/site", target: "/site", readOnly: false, createSource: true },
      { type: "bind", source: "/home/ada/keys", target: "/keys", readOnly: true, createSource: true },
      { type: "volume", target: "/scratch", readOnly: false },
      { type: "tmpfs", target: "/cache", sizeBytes: 64 * 1024 ** 2, mode: 0o755 },
      { type: "bind", source: "/nowhere/etc", target: "/e", readOnly: false, createSource: false },
      { type: "volume", source: "big-disk", target: "/shared", readOnly: true },
      { type: "tmpfs", target: "/run", sizeBytes: 1024, mode: 0o1777 },
    ],
    replicas: 3,
    limits: { nanocpus: 5e8, memoryBytes: 64 * 1024 ** 2, pids: 100 },
    restart: { name: "on-failure", maxRetries: 3 },
    stopSignal: "SIGQUIT",
    stopGraceMs: 90_000,
    labels: { a: "b=c", flag: "" },
    init: true,
  });
  expect(project.volumes).toEqual({
    data: { name: "full_data", external: false, labels: { tier: "1" } },
    shared: { name: "big-disk", external: true, labels: {} },
  });
  expect(project.images).toEqual({ tools: { importFrom: "/nowhere/shop/rootfs.tar.gz" } });
});

test("an empty command clears the image's, null leaves it", async () => {
  const { project } = await loadText("services: { a: { image: x, command: [], entrypoint: null } }");
  expect(project.services["a"]).toHaveProperty("command", []);
  expect(project.services["a"]).not.toHaveProperty("entrypoint");
});

test("variables become numbers and truth values where these are expected, and stay text elsewhere", async () => {
  const env = { N: "4", INIT: "true", V: "1.10", PORT: "8080", MEM: "1g" };
  const text =
    "services: { a: { image: 'x:${V}', scale: '${N}', init: '${INIT}', environment: { V: '${V}' }, " +
    "ports: ['${PORT}:80'], mem_limit: '${MEM}' } }";
  const { project } = await loadText(text, { env });
  expect(project.services["a"]).toMatchObject({
    image: "x:1.10",
    replicas: 4,
    init: true,
    environment: { V: "1.10" },
    ports: [{ hostPort: 8080 }],
    limits: { memoryBytes: 1024 ** 3 },
  });
});

test("the older limit keys mean what deploy's limits mean", async () => {
  const { project } = await loadText(
    "services: { a: { image: x, cpus: 2, mem_limit: 1048576, pids_limit: -1 } }",
  );
  expect(project.services["a"]?.limits).toEqual({ nanocpus: 2e9, memoryBytes: 1_048_576, pids: -1 });
});

test("merge keys and aliases are followed, own keys win, and earlier merges over later ones", async () => {
  const { project } = await loadText(`
x-one: &one { init: true, hostname: one }
x-two: &two { hostname: two, user: root }
services:
  a: { <<: [*one, *two], image: x }
  b: { <<: *one, image: x, hostname: own }
`);
  expect(project.services["a"]).toMatchObject({ init: true, hostname: "one", user: "root" });
  expect(project.services["b"]).toMatchObject({ init: true, hostname: "own" });
});

test("byte order mark and CRLF change nothing", async () => {
  const plain = await loadText("services:\n  a:\n    image: x\n    command: |\n      b\n");
  const windows = await loadText("\uFEFFservices:\r\n  a:\r\n    image: x\r\n    command: |\r\n      b\r\n");
  expect(windows.project).toEqual(plain.project);
});
