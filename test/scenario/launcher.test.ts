import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeFailure, encodeFrame, FrameReader, u32 } from "../../src/runtime/frames.ts";
import { PlanWriter } from "../../src/runtime/plan/encode.ts";
import { Instance } from "./instance.ts";
import { machineryOf } from "./machinery.ts";

const LAUNCH = 2;
const EXECUTE = 3;
const SHIM = { status: 1, signal: 2, exec: 3 } as const;
const EXEC_FAILED = 2;
const PATIENCE_MS = 10_000;

let instance: Instance;
let launcher: readonly number[];
beforeAll(async () => {
  instance = await Instance.open();
  await instance.apply(spec(1));
  ({ launcher } = await machineryOf(instance.base));
});
afterAll(async () => {
  await instance.close();
});

function spec(replicas: number): string {
  return `name: stern
services:
  box: { image: host, command: [sleep, "1000"], deploy: { replicas: ${replicas} } }
`;
}

/** Sends bytes; resolves with the first frame that comes back, or with "closed". `leave`: hangs up without waiting. */
function say(
  socketPath: string,
  bytes: Uint8Array,
  leave = false,
): Promise<"closed" | { tag: number; payload: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const reader = new FrameReader();
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error("no answer")));
    socket.on("data", (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) {
        socket.destroy();
        resolve(frame);
      }
    });
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" || error.code === "EPIPE" ? resolve("closed") : reject(error),
    );
    socket.on("close", () => resolve("closed"));
    socket.write(bytes, () => leave && socket.destroy());
  });
}

const launcherSocket = (): string => join(instance.base, "run/launcher.sock");
const request = (kind: number, plan: Uint8Array): Buffer => encodeFrame(7, u32(kind), plan);

/** Why the launcher refused a plan. */
async function refusal(kind: number, plan: Uint8Array): Promise<string> {
  const answer = await say(launcherSocket(), request(kind, plan));
  if (answer === "closed") return "closed";
  expect(answer.tag).toBe(7);
  const result = answer.payload.readUInt32LE(0);
  if (result === 2) return "gone";
  expect(result).toBe(1);
  return decodeFailure(answer.payload.subarray(4)).about;
}

const sample = (): PlanWriter =>
  new PlanWriter().add("mkdir", 2, "never", 0o700, 1).add("clone", 0, -1, "", "");

test("frames that are none end the connection", async () => {
  for (const length of [0, 3, 7, 0x00ff_ffff, 0xffff_ffff])
    expect(await say(launcherSocket(), Buffer.concat([u32(length), u32(1), u32(LAUNCH)]))).toBe("closed");
});

test("half a frame, and then nobody", async () => {
  const whole = request(EXECUTE, sample().bytes());
  for (const length of [1, 4, 11, 12, whole.length - 1])
    expect(await say(launcherSocket(), whole.subarray(0, length), true)).toBe("closed");
});

test("plans that are none are refused with a reason", async () => {
  const plan = Buffer.from(sample().bytes());
  const changed = (offset: number, ...bytes: readonly number[]): Buffer => {
    const copy = Buffer.from(plan);
    copy.set(bytes, offset);
    return copy;
  };
  expect(await refusal(LAUNCH, Buffer.alloc(0))).toBe("launch plan: wrong size");
  expect(await refusal(LAUNCH, Buffer.alloc(64))).toBe("launch plan: wrong magic or version");
  expect(await refusal(LAUNCH, changed(8, 255, 255, 255, 255))).toBe("launch plan: too many operations");
  expect(await refusal(LAUNCH, changed(8, 200, 0))).toMatch(/^launch plan: /);
  expect(await refusal(LAUNCH, changed(12, 250, 250))).toBe("launch plan: unknown operation");
  expect(await refusal(LAUNCH, changed(14, 9))).toBe("launch plan: wrong number of arguments");
  expect(await refusal(LAUNCH, changed(16, 255, 255, 255, 255))).toMatch(/^launch plan: cut inside/);
  expect(await refusal(99, plan)).toBe("request");
  for (let length = 13; length < plan.length; length += 5)
    expect(await refusal(EXECUTE, plan.subarray(0, length))).toMatch(/^launch plan: /);
});

test("operations out of their place, on slots that are none, fail and nothing else", async () => {
  expect(await refusal(LAUNCH, sample().bytes())).not.toBe("closed");
  const plans: readonly PlanWriter[] = [
    new PlanWriter().add("write", -1, "x", "1"),
    new PlanWriter().add("write", 1e9, "x", "1"),
    new PlanWriter().add("open", 5000, 2, ".", 0),
    new PlanWriter().add("child"),
    new PlanWriter().add("exit"),
    new PlanWriter().add("clone", 0, -1, "", ""),
    new PlanWriter().add("signal"),
    new PlanWriter().add("wait"),
    new PlanWriter().add("mask", "/etc"),
    new PlanWriter().add("pivot", 0),
    new PlanWriter().add("netlink", 0, Buffer.alloc(20_000, 255), -1),
    new PlanWriter().add("netlink", 0, Buffer.alloc(16, 255), 2 ** 40),
    new PlanWriter().add("shim", 2, "containers", "x".repeat(500)),
  ];
  for (const plan of plans) expect(await refusal(EXECUTE, plan.bytes())).not.toMatch(/^(closed|gone)$/);
});

test("a shim refuses the same, and its container goes on", async () => {
  const [folder = ""] = await readdir(join(instance.base, "run/containers"));
  const socket = join(instance.base, "run/containers", folder, "shim.sock");
  const pid = await instance.pidOf("stern-box-1");
  expect(await say(socket, Buffer.concat([u32(0xffff_ffff), u32(SHIM.exec)]))).toBe("closed");
  expect(await say(socket, encodeFrame(SHIM.signal, Buffer.alloc(1)))).toBe("closed");
  expect(await say(socket, encodeFrame(77))).toBe("closed");
  expect(await say(socket, Buffer.alloc(5), true)).toBe("closed");
  expect(await say(socket, encodeFrame(SHIM.exec, Buffer.alloc(40)))).toMatchObject({ tag: EXEC_FAILED });
  expect(await say(socket, encodeFrame(SHIM.exec, sample().bytes()))).toMatchObject({ tag: EXEC_FAILED });
  expect(await say(socket, encodeFrame(SHIM.status))).toMatchObject({ tag: SHIM.status });
  expect(await instance.pidOf("stern-box-1")).toBe(pid);
});

test("after all that the same launcher starts the next containers", async () => {
  await instance.apply(spec(3));
  expect(await instance.running()).toHaveLength(3);
  expect((await machineryOf(instance.base)).launcher).toEqual(launcher);
});
