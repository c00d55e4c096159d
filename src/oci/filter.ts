import type { PlanWriter } from "../runtime/plan/encode.ts";
import { ALLOW, NOTIFY } from "../runtime/seccomp/action.ts";
import { compileSeccomp } from "../runtime/seccomp/compile.ts";
import { parseSeccompProfile } from "../runtime/seccomp/parse.ts";
import { messageOf } from "../error.ts";
import type { Fields } from "./fields.ts";
import { textOfState } from "./hooks.ts";
import { OciError } from "./oci-error.ts";

/** seccomp(2) */
const FLAGS: Readonly<Record<string, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
};
const TSYNC = 1;
/** The slot that outlives the others, native/interpreter.h SLOT_AGENT. */
const AGENT = 254;
const NONE = -1;

/** A bundle's filter, ready to be loaded. */
export interface Filter {
  readonly code: Uint8Array;
  readonly flags: number;
  /** Who answers for calls with SCMP_ACT_NOTIFY. */
  readonly listener: { readonly path: string; readonly metadata: string } | undefined;
}

/** Compiles `linux.seccomp`; undefined when it lets everything through. Throws OciError. */
export function compileFilter(seccomp: Fields, bounding: bigint): Filter | undefined {
  const flags = seccomp.texts("flags").reduce((all, name) => {
    const flag = FLAGS[name];
    if (flag === undefined) throw new OciError(`error adding seccomp flag: unknown flag "${name}"`);
    return all | flag;
  }, 0);
  const profile = parseProfile(seccomp);
  if (profile.defaultAction === ALLOW && profile.rules.length === 0) return undefined;
  if (profile.defaultAction === NOTIFY)
    throw new OciError("SCMP_ACT_NOTIFY cannot be used as default action");
  const notified = profile.rules.filter(({ action }) => action === NOTIFY);
  if (notified.some(({ names }) => names.includes("write")))
    throw new OciError("SCMP_ACT_NOTIFY cannot be used for the write syscall");
  const path = seccomp.text("listenerPath");
  if (notified.length > 0 && path === "") throw new OciError("seccomp listenerPath is not set");
  if (notified.length > 0 && !path.startsWith("/"))
    throw new OciError(`seccomp listenerPath ${path} is not absolute`);
  const architecture = process.arch === "x64" || process.arch === "arm64" ? process.arch : undefined;
  if (architecture === undefined) throw new OciError("seccomp filters are not built for this architecture");
  return {
    code: compileSeccomp(profile, { architecture, capabilities: bounding }),
    // One thread only is there to be filtered, and the kernel does not take both flags.
    flags: notified.length > 0 ? flags & ~TSYNC : flags,
    listener: notified.length === 0 ? undefined : { path, metadata: seccomp.text("listenerMetadata") },
  };
}

function parseProfile(seccomp: Fields): ReturnType<typeof parseSeccompProfile> {
  const json = Object.fromEntries(
    ["defaultAction", "defaultErrnoRet", "architectures", "syscalls"]
      .map((name) => [name, seccomp.get(name)] as const)
      .filter(([, value]) => value !== undefined),
  );
  try {
    return parseSeccompProfile(json);
  } catch (error) {
    throw new OciError(messageOf(error));
  }
}

/** In the parent, where the path still means something. */
export function addListener(plan: PlanWriter, filter: Filter | undefined): void {
  if (filter?.listener !== undefined) plan.add("connect", AGENT, filter.listener.path);
}

/** runtime.md and config-linux.md "The Container Process State". `first`: the container's own, not one of exec. */
export function addFilter(
  plan: PlanWriter,
  filter: Filter | undefined,
  state: Readonly<Record<string, unknown>>,
): void {
  if (filter === undefined) return;
  const { code, flags, listener } = filter;
  if (listener === undefined) {
    plan.add("filter", flags, code, NONE, "");
    return;
  }
  const text = textOfState({
    ociVersion: state["ociVersion"],
    fds: ["seccompFd"],
    metadata: listener.metadata,
    state,
  });
  plan.add("filter", flags, code, AGENT, text);
}
