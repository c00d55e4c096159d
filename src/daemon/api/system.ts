import type { FastifyInstance } from "fastify";
import { availableParallelism, hostname, release, totalmem } from "node:os";
import type { Engine } from "../engine.ts";
import { machinePlatform } from "../../image/platform.ts";
import { kernelArchitecture, operatingSystem } from "./machine.ts";
import { API_VERSION, OLDEST_API_VERSION } from "./version.ts";

export interface DaemonInfo {
  readonly version: string;
  /** Where durable facts lie. */
  readonly root: string;
  /** Where what lasts until reboot lies. */
  readonly run: string;
}

/** `/_ping`, `/version`, `/info`, and the headers by which clients settle on an API version. */
export function systemRoutes(app: FastifyInstance, engine: Engine, info: DaemonInfo): void {
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers({
      "Api-Version": API_VERSION,
      "Docker-Experimental": "false",
      Ostype: "linux",
      Server: `gantry/${info.version} (linux)`,
    });
    done();
  });

  app.route({
    method: ["GET", "HEAD"],
    url: "/_ping",
    handler: (_request, reply) => {
      // Builder 1 keeps docker's CLI from looking for BuildKit here.
      const headers = { "Builder-Version": "1", Swarm: "inactive", "Cache-Control": "no-cache, no-store" };
      void reply.headers(headers).type("text/plain; charset=utf-8").send("OK");
    },
  });

  app.get("/version", () => version(info));
  app.get("/info", () => describe(engine, info));
}

/** Engine API, SystemVersion. */
function version(info: DaemonInfo): object {
  const details = {
    ApiVersion: API_VERSION,
    MinAPIVersion: OLDEST_API_VERSION,
    Arch: machinePlatform().architecture,
    KernelVersion: release(),
    Os: "linux",
  };
  return {
    Platform: { Name: "gantry" },
    Version: info.version,
    ...details,
    GitCommit: "",
    GoVersion: "",
    Components: [{ Name: "gantry", Version: info.version, Details: details }],
  };
}

/** Engine API, SystemInfo: what is true here and has a word there. */
async function describe(engine: Engine, info: DaemonInfo): Promise<object> {
  const [containers, images] = await Promise.all([engine.containers.list(), engine.images.list()]);
  const running = containers.filter(({ state }) => state === "running").length;
  return {
    ID: hostname(),
    Name: hostname(),
    ServerVersion: info.version,
    Containers: containers.length,
    ContainersRunning: running,
    ContainersPaused: 0,
    ContainersStopped: containers.length - running,
    Images: images.length,
    Driver: "overlay2",
    DriverStatus: [],
    DockerRootDir: info.root,
    LoggingDriver: "cri",
    LiveRestoreEnabled: true,
    SystemTime: new Date().toISOString(),
    OSType: "linux",
    OperatingSystem: await operatingSystem(),
    Architecture: kernelArchitecture(),
    KernelVersion: release(),
    NCPU: availableParallelism(),
    MemTotal: totalmem(),
    MemoryLimit: true,
    PidsLimit: true,
    ExperimentalBuild: false,
    IndexServerAddress: "",
    Plugins: { Volume: ["local"], Network: [], Authorization: null, Log: ["cri"] },
    Swarm: { NodeID: "", NodeAddr: "", LocalNodeState: "inactive", ControlAvailable: false, Error: "" },
    SecurityOptions: [],
    Warnings: [],
  };
}
