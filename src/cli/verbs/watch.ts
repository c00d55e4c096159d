import { once } from "node:events";
import { dirname, join } from "node:path";
import { GantryError } from "../../error.ts";
import { applyProject } from "../apply-project.ts";
import { isAbort, say, type Context } from "../context.ts";
import { connect } from "../daemon-start.ts";
import { FileWatch } from "../file-watch.ts";
import { followProgress } from "../follow-progress.ts";
import { interruptible } from "../interrupt.ts";
import { buildProject, isThere } from "../project-builds.ts";
import { reportError } from "../report-error.ts";
import { loadSpec, type LoadedSpec, specFile, type SpecFlags } from "../spec-flags.ts";
import { WatchLoop } from "../watch-loop.ts";

/**
 * `gantry watch`: applies the file now and at every save, until ctrl-C. A file that is broken or gone prints why and
 * leaves what runs alone; the next good save goes on from there.
 */
export async function watch(context: Context, options: SpecFlags): Promise<number> {
  const file = await specFile(context, options);
  if (file === undefined)
    throw new GantryError("spec.not-found", "there is no spec file to watch here", { next: "try: -f FILE" });
  const client = await connect(context);
  // The file is pinned: once it is deleted, another one further up must not take its place.
  const flags = { ...options, found: file };
  const always = [file, join(dirname(file), ".env")];
  let lastName: string | undefined;

  const files = new FileWatch(() => loop.changed());
  const loop = new WatchLoop<LoadedSpec>({
    load: async () => {
      await files.markSeen();
      try {
        const loaded = await loadSpec(context, flags);
        await files.watch([...always, ...loaded.watched]);
        return loaded;
      } catch (error) {
        // Whichever file is mended, that is a reason to look again.
        const { SpecError } = await import("../../spec/diagnostic.ts");
        if (error instanceof SpecError) await files.watch([...always, ...error.watched]);
        throw error;
      }
    },
    apply: async (loaded, signal) => {
      const { project } = loaded;
      if (lastName !== undefined && lastName !== project.name)
        say(
          context,
          `the project is called ${project.name} now; ${lastName} goes on (gantry down -p ${lastName})`,
        );
      lastName = project.name;
      const output = { progress: "auto", quiet: false } as const;
      await buildProject(
        context,
        client,
        loaded,
        async ({ image }) => !(await isThere(client, image)),
        output,
        signal,
      );
      await followProgress(context, applyProject(client, project, { wait: false, signal }), { plan: true });
    },
    report: (error) => report(context, file, error),
  });

  const work = async (signal: AbortSignal): Promise<number> => {
    await files.watch(always);
    say(context, `watching ${file}`);
    loop.changed();
    if (!signal.aborted) await once(signal, "abort");
    return 0;
  };
  try {
    return await interruptible(context, "watching no more; the containers go on", work, 0);
  } finally {
    await files.close();
    await loop.close();
  }
}

function report(context: Context, file: string, error: unknown): void {
  if (error instanceof Error && isAbort(error)) return;
  if (error instanceof GantryError && error.code === "spec.not-found")
    say(context, `${file} is gone; what runs goes on, and the file is picked up when it is back`);
  else reportError(context, error);
}
