import { spawnSync } from "node:child_process";
import { type PlanWriter, stringRun } from "../runtime/plan/encode.ts";
import type { BundleHook } from "./bundle.ts";
import { OciError } from "./oci-error.ts";

/** What native/hook.c puts a pid of the same width into, by its key. */
const ROOM_FOR_PID = " ".repeat(10);

/** A state as JSON with room for the pid, which nobody knows yet; so have objects in it that are states themselves. */
export function textOfState(state: Readonly<Record<string, unknown>>): string {
  const all: Readonly<Record<string, unknown>> = { pid: undefined, ...state };
  const fields = Object.entries(all)
    .filter(([key, value]) => key === "pid" || value !== undefined)
    .map(([key, value]) => {
      const text =
        key === "state" ? textOfState(value as Readonly<Record<string, unknown>>) : JSON.stringify(value);
      return `${JSON.stringify(key)}:${text ?? ROOM_FOR_PID}`;
    });
  return `{${fields.join(",")}}`;
}

/** Hooks that run while the container is made. */
export function addHooks(
  plan: PlanWriter,
  hooks: readonly BundleHook[],
  state: Readonly<Record<string, unknown>>,
): void {
  const text = textOfState({ ...state, pid: undefined });
  for (const { path, args, env, timeout } of hooks)
    plan.add("hook", stringRun([path, ...args]), stringRun(env), text, timeout);
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
