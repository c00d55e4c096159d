import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { GantryError, messageOf } from "../error.ts";
import { compileLaunch } from "./compile.ts";
import { Interrupted } from "./failure.ts";
import { freeRange } from "./id-range.ts";
import type { Launcher } from "./launcher.ts";
import { runFolder } from "./places.ts";

/** Whether containers can have user namespaces of their own on this machine, and if not, what went wrong. */
export type UserNamespaces = { readonly work: true } | { readonly work: false; readonly reason: string };

/** Of the probe: the machinery may be killed under it, which says nothing about the kernel. */
const TRIES = 5;

/**
 * Tries it: a container with nothing in it, and so without the program it is to run. Everything else has to go well
 * before that is found out; any other failure is the reason why user namespaces do not work here.
 */
export async function probeUserNamespaces(
  launcher: Launcher,
  { root, run }: { readonly root: string; readonly run: string },
): Promise<UserNamespaces> {
  const id = randomBytes(32).toString("hex");
  const plan = compileLaunch({
    id,
    config: {
      image: "",
      entrypoint: ["/nothing"],
      environment: {},
      mounts: [],
      limits: {},
      restart: { name: "no" },
      stopGraceMs: 0,
      labels: {},
      init: false,
    },
    image: { layers: [], hostMounts: [] },
    root,
    cgroups: [],
    idBase: freeRange(new Set()) ?? 0,
    files: [],
    volumeFolder: (name) => name,
  });
  try {
    for (let tries = 1; ; tries++) {
      const error = await launcher.launch(id, plan).catch((thrown: unknown) => thrown);
      if (error instanceof GantryError && error.code === "command.not-found") return { work: true };
      if (!(error instanceof Interrupted) || tries === TRIES)
        return { work: false, reason: messageOf(error) };
    }
  } finally {
    await rm(join(root, "containers", id), { recursive: true, force: true });
    await rm(runFolder(run, id), { recursive: true, force: true });
  }
}
