import { spawnSync } from "node:child_process";
import { type PlanWriter, stringRun } from "../runtime/plan/encode.ts";
import type { BundleHook } from "./bundle.ts";
import { OciError } from "./oci-error.ts";

const PID = '"pid":';
/** As wide as native/hook.c writes it. */
const PID_WIDTH = 10;

/** A state with room for the pid, which nobody knows yet, and where that is. */
export function stateWithoutPid(state: Readonly<Record<string, unknown>>): {
  readonly text: string;
  readonly offset: number;
} {
  const { pid: _, ...others } = state;
  const rest = JSON.stringify(others).slice(1);
  const text = `{${PID}${" ".repeat(PID_WIDTH)},${rest}`;
  return { text, offset: 1 + PID.length };
}

/** Hooks that run while the container is made. */
export function addHooks(
  plan: PlanWriter,
  hooks: readonly BundleHook[],
  state: Readonly<Record<string, unknown>>,
): void {
  const { text, offset } = stateWithoutPid(state);
  for (const { path, args, env, timeout } of hooks)
    plan.add("hook", stringRun([path, ...args]), stringRun(env), text, offset, timeout);
}

/** Runs one in this process's own namespaces. Throws OciError when it fails. */
export function runHook(
  { path, args, env, timeout }: BundleHook,
  state: Readonly<Record<string, unknown>>,
): void {
  const [argv0 = path, ...others] = args;
  const { status, signal, error, stderr } = spawnSync(path, others, {
    argv0,
    env: Object.fromEntries(env.map((one) => splitVariable(one))),
    input: JSON.stringify(state),
    stdio: ["pipe", "ignore", "pipe"],
    ...(timeout === 0 ? {} : { timeout: timeout * 1000, killSignal: "SIGKILL" }),
  });
  if (error !== undefined && (error as NodeJS.ErrnoException).code !== "EPIPE")
    throw new OciError(`error running hook ${path}: ${error.message}`);
  if (status !== 0)
    throw new OciError(
      `error running hook ${path}: ${signal ?? `exit status ${status}`}, stderr: ${stderr.toString()}`,
    );
}

function splitVariable(text: string): [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
