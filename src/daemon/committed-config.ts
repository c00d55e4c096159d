import type { ConfigChange } from "../build/commit.ts";
import { formatHealthcheck } from "../image/configuration.ts";
import type { ImageConfig } from "../image/image.ts";
import type { ContainerConfig } from "../runtime/container.ts";

/** Say which project a container belongs to, which an image made of it does not. */
const OF_PROJECTS = "com.docker.compose.";

/** What a container says otherwise than its image, as members of an image's `config` (config.md). */
export function committedConfig(config: ContainerConfig, image: ImageConfig): ConfigChange {
  const { entrypoint, command, environment, healthcheck } = config;
  const labels = Object.entries(config.labels).filter(([name]) => !name.startsWith(OF_PROJECTS));
  const ports = [
    ...image.exposedPorts,
    ...(config.exposed ?? []),
    ...(config.ports ?? []).map(({ containerPort, protocol }) => `${containerPort}/${protocol}`),
  ];
  return {
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint, Cmd: command ?? null }),
    ...(command === undefined ? {} : { Cmd: command }),
    Env: environmentOf(image.env ?? [], environment),
    ...(config.workingDir === undefined ? {} : { WorkingDir: config.workingDir }),
    ...(config.user === undefined ? {} : { User: config.user }),
    ...(labels.length === 0 ? {} : { Labels: { ...image.labels, ...Object.fromEntries(labels) } }),
    ...(ports.length === 0 ? {} : { ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])) }),
    ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    ...(healthcheck?.test === undefined || healthcheck.test.length === 0
      ? {}
      : { Healthcheck: formatHealthcheck({ ...healthcheck, test: healthcheck.test }) }),
  };
}

function environmentOf(image: readonly string[], own: Readonly<Record<string, string>>): readonly string[] {
  const kept = image.filter((entry) => !Object.hasOwn(own, entry.split("=", 1)[0] ?? ""));
  return [...kept, ...Object.entries(own).map(([name, value]) => `${name}=${value}`)];
}
