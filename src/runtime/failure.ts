import { type ErrorCode, GantryError, type GantryErrorOptions } from "../error.ts";
import { errnoName } from "../host/errno.ts";
import type { PlanFailure } from "./frames.ts";

/** A launch plan that stopped at an operation. */
export class PlanError extends GantryError {
  /** `EEXIST` and the like. */
  readonly errno: string;

  constructor(code: ErrorCode, message: string, errno: string, options: GantryErrorOptions = {}) {
    super(code, message, options);
    this.errno = errno;
  }
}

/**
 * Machinery of gantry's own died under a request, or another of its kind was in the way. That says nothing about the
 * container, and once what is left of it was looked at, the same request may be made again.
 */
export class Interrupted extends GantryError {
  constructor(message: string) {
    super("kernel", message, { next: "gantry tries again by itself" });
  }
}

/** What a plan's failure means to the user. */
export function explainFailure(failure: PlanFailure): PlanError | Interrupted {
  const name = errnoName(failure.errno);
  const [operation, ...words] = failure.about.split(" ");
  const subject = words.join(" ");
  if (operation === "exec") {
    if (name === "ENOENT" || name === "ENOTDIR")
      return new PlanError("command.not-found", `command not found in the container: ${subject}`, name, {
        next: "check the spelling, the image, and the container's PATH",
      });
    const why = name === "ENOEXEC" ? "its format or its interpreter is not there" : name;
    return new PlanError("command.not-executable", `cannot execute ${subject}: ${why}`, name, {
      next: "check that it is an executable file for this machine (chmod +x)",
    });
  }
  // A daemon that was killed may have asked for this container before: its shim holds the lock.
  if (failure.about === "control socket" && name === "EAGAIN")
    return new Interrupted("another shim has the container");
  if (operation === "user" && name === "EINVAL")
    return new PlanError("kernel", `the user or a group of ${subject} has no id below 65536`, name, {
      next: "userns_mode: host gives the container every id",
    });
  if (operation === "user")
    return new PlanError("kernel", `no such user or group in the image: ${subject}`, name, {
      next: "use a name of the image's /etc/passwd and /etc/group, or numbers",
    });
  if (operation === "process")
    return new PlanError("kernel", "the container whose namespaces are shared has just ended", name, {
      next: "start its service first",
    });
  if (operation === "write" && subject.startsWith("sys/"))
    return new PlanError("kernel", `cannot set the kernel parameter ${parameterOf(subject)}: ${name}`, name, {
      next: "check sysctls: the name, and whether this kernel takes the value",
    });
  if (operation === "host-tree" && name === "ENOENT")
    return new PlanError("kernel", `the folder to mount does not exist: ${subject}`, name, {
      next: `mkdir -p ${subject}`,
    });
  if (operation === "chdir")
    return new PlanError(
      "command.not-executable",
      `cannot enter the working directory ${subject}: ${name}`,
      name,
    );
  if (operation === "map-ids" || operation === "layers")
    return new PlanError("kernel", `this kernel cannot map the ids of what lies there (${name})`, name, {
      next: "gantry doctor",
    });
  return new PlanError("kernel", `${failure.about.trim()}: ${name}`, name, { next: "gantry doctor" });
}

/** `net.core.somaxconn` of `sys/net/core/somaxconn`; see sysctl.ts. */
function parameterOf(file: string): string {
  return file.slice("sys/".length).replace(/[./]/g, (letter) => (letter === "." ? "/" : "."));
}
