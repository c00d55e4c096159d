import type { Image } from "../image/image.ts";
import type { LaunchImage } from "../runtime/compile.ts";
import type { ContainerHealthcheck } from "../runtime/container.ts";

/** What the runtime wants to know of an image. */
export type RunImage = LaunchImage & { readonly healthcheck?: ContainerHealthcheck };

/** An image as the runtime wants it. */
export function launchImage({ layers, hostMounts, config }: Image): RunImage {
  const { entrypoint, cmd, env, workingDir, user, healthcheck } = config;
  return {
    layers,
    hostMounts,
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(cmd === undefined ? {} : { cmd }),
    ...(env === undefined ? {} : { env }),
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(user === undefined ? {} : { user }),
    ...(healthcheck === undefined ? {} : { healthcheck }),
  };
}
