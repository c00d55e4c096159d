import { GantryError, messageOf } from "../error.ts";
import type { LaunchImage } from "../runtime/compile.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** The last bytes of a hook's output that are shown when it fails. */
const SHOWN_BYTES = 500;

/**
 * Runs the `post_start` or `pre_stop` commands of a container inside it, one after the other. Throws GantryError
 * (conflict) for one that does not end well, after which no other is run; the container goes on.
 */
export async function runHooks(
  runtime: Runtime,
  record: ContainerRecord,
  image: LaunchImage,
  when: "postStart" | "preStop",
): Promise<void> {
  for (const hook of record.config.hooks?.[when] ?? []) {
    const named = `${when === "postStart" ? "post_start" : "pre_stop"} of ${record.name}`;
    const { output, exit } = await startHook(runtime, record, image, hook, named);
    let last = Buffer.alloc(0);
    for await (const { data } of output) last = Buffer.concat([last, data]).subarray(-SHOWN_BYTES);
    const status = await exit;
    if (status === 0) continue;
    const said = last.toString("utf8").trim();
    throw new GantryError(
      "conflict",
      `${named}: ${hook.command.join(" ")} ended with status ${status}${said === "" ? "" : `: ${said}`}`,
      { next: `gantry logs ${record.name}` },
    );
  }
}

type Hook = NonNullable<NonNullable<ContainerRecord["config"]["hooks"]>["postStart"]>[number];

async function startHook(
  runtime: Runtime,
  { id }: ContainerRecord,
  image: LaunchImage,
  hook: Hook,
  named: string,
): ReturnType<Runtime["exec"]> {
  const { command, environment, user, workingDir } = hook;
  try {
    const session = await runtime.exec(
      id,
      {
        command,
        environment,
        stdin: false,
        ...(user === undefined ? {} : { user }),
        ...(workingDir === undefined ? {} : { workingDir }),
      },
      image,
    );
    session.stdin.end();
    return session;
  } catch (cause) {
    if (!(cause instanceof GantryError)) throw cause;
    throw new GantryError(cause.code, `${named}: ${messageOf(cause)}`, { cause });
  }
}
