import { GantryError } from "../error.ts";
import { errnoName } from "../host/errno.ts";
import type { PlanFailure } from "./frames.ts";

/** What a plan's failure means to the user. */
export function explainFailure(failure: PlanFailure): GantryError {
  const name = errnoName(failure.errno);
  const [operation, ...words] = failure.about.split(" ");
  const subject = words.join(" ");
  if (operation === "exec") {
    if (name === "ENOENT" || name === "ENOTDIR")
      return new GantryError("command.not-found", `command not found in the container: ${subject}`, {
        next: "check the spelling, the image, and the container's PATH",
      });
    const why = name === "ENOEXEC" ? "its format or its interpreter is not there" : name;
    return new GantryError("command.not-executable", `cannot execute ${subject}: ${why}`, {
      next: "check that it is an executable file for this machine (chmod +x)",
    });
  }
  if (operation === "user")
    return new GantryError("kernel", `no such user or group in the image: ${subject}`, {
      next: "use a name of the image's /etc/passwd and /etc/group, or numbers",
    });
  if (operation === "host-tree" && name === "ENOENT")
    return new GantryError("kernel", `the folder to mount does not exist: ${subject}`, {
      next: `mkdir -p ${subject}`,
    });
  if (operation === "chdir")
    return new GantryError(
      "command.not-executable",
      `cannot enter the working directory ${subject}: ${name}`,
    );
  return new GantryError("kernel", `${failure.about}: ${name}`, { next: "gantry doctor" });
}
