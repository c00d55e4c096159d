import { describe, expect, it } from "vitest";
import { compileLaunch, type LaunchInput } from "../../../src/runtime/compile.ts";
import { compileExec } from "../../../src/runtime/compile-exec.ts";
import type { ContainerConfig } from "../../../src/runtime/container.ts";
import type { OperationName } from "../../../src/runtime/plan/operation.ts";
import { decodePlan, type DecodedOperation } from "./decoded-plan.ts";

const ID = "0123456789abcdef".repeat(4);
const V1 = [
  { version: 1, controllers: ["cpu"], path: "/c/cpu" },
  { version: 1, controllers: ["memory"], path: "/c/memory" },
  { version: 1, controllers: ["pids"], path: "/c/pids" },
] as const;
const V2 = [{ version: 2, controllers: ["cpu", "memory", "pids"], path: "/c" }] as const;

function input(config: Partial<ContainerConfig> = {}, more: Partial<LaunchInput> = {}): LaunchInput {
  return {
    id: ID,
    config: {
      image: "web:1",
      command: ["serve"],
      environment: {},
      mounts: [],
      limits: {},
      restart: { name: "no" },
      stopGraceMs: 10_000,
      labels: {},
      init: false,
      ...config,
    },
    image: { layers: ["/data/layers/top", "/data/layers/bottom"], hostMounts: [] },
    root: "/data",
    cgroups: V1,
    links: [{ host: Uint8Array.of(1), pidOffset: 0, container: Uint8Array.of(2) }],
    files: [{ source: "/run/hosts", target: "/etc/hosts" }],
    volumeFolder: (name) => `/data/volumes/${name}/data`,
    seccomp: new Uint8Array(8),
    ...more,
  };
}

function launch(...args: Parameters<typeof input>): readonly DecodedOperation[] {
  return decodePlan(compileLaunch(input(...args)));
}

/** Where an operation stands for the first time, and for the last. */
function first(plan: readonly DecodedOperation[], name: OperationName): number {
  const at = plan.findIndex((operation) => operation.name === name);
  expect(at, `${name} is in the plan`).toBeGreaterThanOrEqual(0);
  return at;
}
function last(plan: readonly DecodedOperation[], name: OperationName): number {
  return plan.findLastIndex((operation) => operation.name === name);
}

describe("a launch plan", () => {
  it("is the same bytes for the same container", () => {
    expect(Buffer.from(compileLaunch(input())).equals(compileLaunch(input()))).toBe(true);
  });

  it("takes the container's lock before it touches anything of it", () => {
    const plan = launch();
    const before = plan.slice(0, first(plan, "shim")).map(({ name }) => name);
    expect(before).toEqual(["mkdir"]); // the folder that holds the lock
  });

  it("has three parts, each once: before the clone, the child, the end", () => {
    const plan = launch();
    for (const marker of ["clone", "child", "exit"] as const)
      expect(plan.filter(({ name }) => name === marker)).toHaveLength(1);
    expect(first(plan, "clone")).toBeLessThan(first(plan, "child"));
    expect(first(plan, "child")).toBeLessThan(first(plan, "exit"));
    expect(plan.slice(first(plan, "exit") + 1).map(({ name }) => name)).toEqual(["rmdir", "rmdir", "rmdir"]);
  });

  it("hides the host's kernel once all is mounted, and leaves the host's root after that", () => {
    const plan = launch({ mounts: [{ type: "tmpfs", target: "/proc/own" }] });
    for (const mounting of ["overlay", "mount", "attach", "device"] as const)
      for (const hiding of ["mask", "readOnly"] as const)
        expect(last(plan, mounting), mounting).toBeLessThan(first(plan, hiding));
    expect(last(plan, "mask")).toBeLessThan(first(plan, "pivot"));
  });

  it("gives up its rights in the only order that works, and executes last", () => {
    const plan = launch();
    const child = plan.slice(first(plan, "pivot"), first(plan, "exit")).map(({ name }) => name);
    const order = ["pivot", "chdir", "seccomp", "user", "capabilities", "exec"];
    expect(child.filter((name) => order.includes(name))).toEqual(order);
    expect(child.at(-1)).toBe("exec");
  });

  it("an init loses its rights as well, before it forks the program", () => {
    const plan = launch({ init: true });
    expect(first(plan, "seccomp")).toBeLessThan(first(plan, "init"));
    expect(first(plan, "capabilities")).toBeLessThan(first(plan, "init"));
    expect(first(plan, "init")).toBeLessThan(first(plan, "user"));
    expect(first(plan, "user")).toBeLessThan(last(plan, "capabilities"));
  });

  it("is in its cgroups before the child may go on, by pid on v1, from the clone on v2", () => {
    const v1 = launch();
    const parent = v1.slice(first(v1, "clone"), first(v1, "child")).map(({ name }) => name);
    expect(parent.filter((name) => name === "writePid")).toHaveLength(3);
    expect(parent.at(-1)).toBe("signal");
    expect(v1[first(v1, "clone")]?.arguments[1]).toBe(-1n);
    const v2 = launch({}, { cgroups: V2 });
    expect(v2.filter(({ name }) => name === "writePid")).toEqual([]);
    const slot = v2[first(v2, "clone")]?.arguments[1];
    expect(v2.some(({ name, arguments: [to] }) => name === "open" && to === slot)).toBe(true);
  });

  it("attaches outer folders before inner ones, whatever the file's order", () => {
    const plan = launch({
      mounts: [
        { type: "volume", source: "inner", target: "/data/deep/cache", readOnly: false },
        { type: "bind", source: "/srv", target: "/data", readOnly: true, createSource: false },
      ],
    });
    const targets = plan.filter(({ name }) => name === "attach").map((operation) => operation.arguments[1]);
    expect(targets.indexOf("/data")).toBeLessThan(targets.indexOf("/data/deep/cache"));
    const sources = plan.filter(({ name }) => name === "hostTree").map((operation) => operation.arguments[1]);
    expect(sources).toEqual(expect.arrayContaining(["/srv", "/data/volumes/inner/data"]));
  });

  it("makes no device work on what comes from the host or the image", () => {
    const NODEV = 4n;
    const plan = launch({
      mounts: [{ type: "bind", source: "/srv", target: "/srv", readOnly: false, createSource: false }],
    });
    for (const operation of plan.filter(
      ({ name, arguments: [, place] }) => name === "attach" && place !== "/dev",
    ))
      expect(BigInt(operation.arguments[2] ?? 0) & NODEV).toBe(NODEV);
    expect(BigInt(plan[first(plan, "overlay")]?.arguments[1] ?? 0) & NODEV).toBe(NODEV);
  });

  it("names layers topmost first, as the launcher sees them", () => {
    const plan = launch();
    const options = String(plan[first(plan, "overlay")]?.arguments[0]);
    expect(options).toMatch(/^lowerdir=\/r\/layers\/top:\/r\/layers\/bottom\b/);
    expect(options).toContain(`upperdir=/r/containers/${ID}/upper,workdir=/r/containers/${ID}/work`);
  });

  it("with ids of its own, maps all mounts before the overlay is made of them, and takes the ids on first of all", () => {
    const plan = launch({}, { idBase: 0x110000 });
    const NEW_USER = 0x10000000n;
    const [flags = 0n, , ...maps] = plan[first(plan, "clone")]?.arguments ?? [];
    expect(BigInt(flags) & NEW_USER).toBe(NEW_USER);
    expect(maps).toEqual(["0 1114112 65536", "0 1114112 65536"]);
    const mapped = plan.flatMap(({ name, arguments: [slot] }) => (name === "mapIds" ? [slot] : []));
    const trees = plan.flatMap(({ name, arguments: [slot] }) => (name === "hostTree" ? [slot] : []));
    expect(mapped).toEqual(expect.arrayContaining(trees));
    expect(mapped).toHaveLength(trees.length + 2); // and the layers' folder, and /dev
    expect(last(plan, "mapIds")).toBeLessThan(first(plan, "layers"));
    expect(first(plan, "layers")).toBeLessThan(first(plan, "child"));
    const child = plan.slice(first(plan, "child") + 1).map(({ name }) => name);
    expect(child.slice(0, 2)).toEqual(["wait", "become"]);
    expect(child).not.toContain("overlay");
  });

  it("with the host's ids, makes no user namespace and maps nothing", () => {
    const names = launch().map(({ name }) => name);
    for (const name of ["mapIds", "become", "layers", "newRoot"] as const) expect(names).not.toContain(name);
  });

  it("without a link talks to no kernel about networks on the host's side", () => {
    const { links: _, ...unlinked } = input();
    const plan = decodePlan(compileLaunch(unlinked));
    expect(plan.filter(({ name, arguments: [where] }) => name === "netlink" && where === 0n)).toEqual([]);
  });
});

describe("the plan of a further process", () => {
  const plan = decodePlan(
    compileExec({
      ...input(),
      process: { pid: 42, startTime: 4711 },
      idBase: 0x100000,
      command: ["id", "-u"],
      environment: ["A=1"],
      workingDir: "/srv",
      user: "ann",
      seccomp: new Uint8Array(8),
    }),
  );

  it("joins the pid namespace before the clone, and all the others only once it is in the cgroups", () => {
    const joins = plan.flatMap(({ name }, at) => (name === "join" ? [at] : []));
    const [pids = -1, others = -1] = joins;
    expect(joins).toHaveLength(2);
    expect(pids).toBeLessThan(first(plan, "clone"));
    expect(last(plan, "writePid")).toBeLessThan(first(plan, "signal"));
    expect(first(plan, "child")).toBeLessThan(first(plan, "wait"));
    expect(first(plan, "wait")).toBeLessThan(others);
    expect(others).toBeLessThan(first(plan, "become"));
  });

  it("gives up the same rights in the same order", () => {
    const order = ["seccomp", "user", "capabilities", "exec"];
    const child = plan.slice(first(plan, "child")).map(({ name }) => name);
    expect(child.filter((name) => order.includes(name))).toEqual(order);
    expect(plan.at(-1)).toMatchObject({ name: "exec", arguments: ["id\0-u\0", "A=1\0"] });
  });
});
