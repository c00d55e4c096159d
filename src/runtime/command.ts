import type { ContainerConfig } from "./container.ts";
import type { LaunchImage } from "./compile.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The command line docker would make of image and configuration: an own entry point drops the image's command. */
export function commandLine(config: ContainerConfig, image: LaunchImage): readonly string[] {
  const entrypoint = config.entrypoint ?? image.entrypoint ?? [];
  const command = config.command ?? (config.entrypoint === undefined ? (image.cmd ?? []) : []);
  return [...entrypoint, ...command];
}

/** `NAME=value` strings: the image's, then the container's, plus PATH and HOSTNAME where nobody set them. */
export function environmentOf(
  config: ContainerConfig,
  image: Pick<LaunchImage, "env">,
  hostname: string,
): readonly string[] {
  const merged = new Map([["PATH", DEFAULT_PATH]]);
  // As docker: what programs on a terminal take it for, where nobody says.
  if (config.terminal === true) merged.set("TERM", "xterm");
  // With the host's UTS namespace the name is the host's, and can change.
  if (config.namespaces?.uts === undefined) merged.set("HOSTNAME", hostname);
  for (const entry of image.env ?? []) {
    const at = entry.indexOf("=");
    if (at > 0) merged.set(entry.slice(0, at), entry.slice(at + 1));
  }
  for (const [name, value] of Object.entries(config.environment)) merged.set(name, value);
  return [...merged].map(([name, value]) => `${name}=${value}`);
}

/** The container's hostname: where its configuration names none it is docker's, twelve digits of the id. */
export function hostnameOf(id: string, config: ContainerConfig): string {
  return config.hostname ?? id.slice(0, 12);
}
