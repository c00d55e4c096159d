import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { pino } from "pino";
import { GantryError, messageOf } from "../error.ts";
import { instancePaths } from "../host/paths.ts";
import { packageFile } from "../package-file.ts";
import { LONGEST_RUN_FOLDER } from "../runtime/places.ts";
import { buildApi } from "./api/server.ts";
import { lockFolder } from "./lock.ts";
import { startEngine } from "./start.ts";

/** Somebody else is the daemon of this instance: not an error of ours (EX_TEMPFAIL of sysexits.h). */
const ALREADY_RUNNING = 75;

async function main(): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new GantryError("permission", "the daemon needs root: it makes namespaces, mounts and cgroups", {
      next: "try: sudo gantry daemon",
    });
  process.umask(0o077);
  const paths = instancePaths({}, process.env);
  if (Buffer.byteLength(paths.run) > LONGEST_RUN_FOLDER)
    throw new GantryError(
      "request.invalid",
      `the path of the run folder is too long for its sockets: ${paths.run}`,
      {
        next: `choose one of at most ${LONGEST_RUN_FOLDER} bytes (--run, GANTRY_RUN)`,
      },
    );
  await mkdir(paths.root, { recursive: true, mode: 0o711 });
  await mkdir(paths.run, { recursive: true, mode: 0o700 });
  await chmod(paths.run, 0o700);
  const locks = [await lockFolder(paths.root), await lockFolder(paths.run)];
  if (locks.includes(undefined)) {
    process.stderr.write(`gantry: another daemon uses ${paths.root} or ${paths.run}\n`);
    process.exit(ALREADY_RUNNING);
  }
  const log = pino({ level: process.env["GANTRY_LOG_LEVEL"] ?? "info", base: null });
  const running = await startEngine(paths, log, { firewall: wantsFirewall(process.env["GANTRY_FIREWALL"]) });
  const api = buildApi(running.engine, { version: await version(), root: paths.root, run: paths.run });
  await rm(paths.socket, { force: true }); // stale: the lock is ours, so nobody listens there
  await api.listen({ path: paths.socket });
  await chmod(paths.socket, 0o600);
  log.info({ root: paths.root, run: paths.run, pid: process.pid }, "gantryd is ready");

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    log.info("stopping; containers go on");
    void Promise.allSettled([api.close(), running.close()]).then(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

/** `none`: somebody else looks after firewall, translation and forwarding. */
function wantsFirewall(setting = "nftables"): boolean {
  if (setting === "nftables" || setting === "none") return setting === "nftables";
  throw new GantryError("request.invalid", `GANTRY_FIREWALL is "${setting}", neither nftables nor none`);
}

async function version(): Promise<string> {
  const manifest = await readFile(packageFile("package.json"), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

main().catch((error: unknown) => {
  const next = error instanceof GantryError && error.next !== undefined ? `\n  ${error.next}` : "";
  process.stderr.write(`gantry: ${messageOf(error)}${next}\n`);
  process.exit(1);
});
