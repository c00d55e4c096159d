import { execFile, spawnSync } from "node:child_process";
import type { CommandResult, Instance } from "./instance.ts";

/** Whether docker's own client is here, as a second client of our API. Says so once where it is not. */
export const HAS_DOCKER = spawnSync("docker", ["--version"], { stdio: "ignore" }).status === 0;
if (!HAS_DOCKER) console.warn("SKIPPED: there is no docker client on this machine to try the API with");

/** The environment in which docker's client talks to an instance's daemon, and knows nothing of this machine's. */
export function dockerEnvironment(instance: Instance): NodeJS.ProcessEnv {
  const socket = `unix://${instance.env["GANTRY_RUN"] ?? ""}/gantry.sock`;
  return {
    PATH: process.env["PATH"],
    HOME: instance.base,
    DOCKER_HOST: socket,
    DOCKER_BUILDKIT: "0",
    TZ: "UTC",
  };
}

/** Runs docker's client to its end. */
export function docker(instance: Instance, ...args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    const options = { env: dockerEnvironment(instance), timeout: 20_000 };
    execFile("docker", args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}
