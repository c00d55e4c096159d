import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";
import { until } from "./until.ts";

/** A machine of a test's own (a network namespace), and an outside that it reaches through its uplink. */
export interface SmallWorld {
  /** The command that runs what follows it on the machine. */
  readonly machine: readonly string[];
  /** The machine's address on the uplink. */
  readonly address: string;
  /** The outside's address: nothing of 10.0.0.0/8 is known there. */
  readonly outside: string;
  /** Runs a command on the machine or outside, and returns what it printed. */
  readonly run: (where: "machine" | "outside", ...command: readonly string[]) => string;
  /** Starts a server outside; ends with the world. */
  readonly serve: (...command: readonly string[]) => ChildProcess;
  readonly close: () => void;
}

/** By its path: a test may run gantry with another PATH. */
const NSENTER = ["/usr/bin/nsenter", "/bin/nsenter"].find((path) => existsSync(path)) ?? "nsenter";

/** 192.0.2.1 is the machine, 192.0.2.2 its gateway and the outside; no packet leaves the two. */
export async function smallWorld(): Promise<SmallWorld> {
  const children: ChildProcess[] = [];
  const holder = async (): Promise<number> => {
    const child = spawn("unshare", ["--net", "sleep", "600"], { stdio: "ignore" });
    children.push(child);
    const own = readlinkSync("/proc/self/ns/net");
    await until("a namespace", () => readlinkSync(`/proc/${child.pid}/ns/net`) !== own);
    return child.pid ?? 0;
  };
  const pids = { machine: await holder(), outside: await holder() };
  const enter = (where: keyof typeof pids): readonly string[] => [
    NSENTER,
    `--net=/proc/${pids[where]}/ns/net`,
  ];
  const run = (where: keyof typeof pids, ...command: readonly string[]): string => {
    const [program = "", ...args] = [...enter(where), ...command];
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  };
  run(
    "machine",
    "ip",
    "link",
    "add",
    "up0",
    "type",
    "veth",
    "peer",
    "name",
    "up1",
    "netns",
    `${pids.outside}`,
  );
  for (const [where, name, address] of [
    ["machine", "up0", "192.0.2.1/24"],
    ["outside", "up1", "192.0.2.2/24"],
  ] as const) {
    run(where, "ip", "link", "set", "lo", "up");
    run(where, "ip", "address", "add", address, "dev", name);
    run(where, "ip", "link", "set", name, "up");
  }
  run("machine", "ip", "route", "add", "default", "via", "192.0.2.2");
  run("machine", "sysctl", "-qw", "net.ipv4.ip_forward=0");
  return {
    machine: enter("machine"),
    address: "192.0.2.1",
    outside: "192.0.2.2",
    run,
    serve: (...command) => {
      const [program = "", ...args] = [...enter("outside"), ...command];
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
      children.push(child);
      return child;
    },
    close: () => {
      for (const child of children) child.kill("SIGKILL");
    },
  };
}
