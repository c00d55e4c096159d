import { arch } from "node:process";
import type { Path } from "./path.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";

/** The keys of a service that ask for a kind of machine, or for another program to run it. */
export interface MachineKeys {
  readonly platform?: string;
  readonly runtime?: string;
  readonly isolation?: string;
}

/** The OCI image-spec's names (Go's GOARCH) for Node's. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };
/** What docker calls the ordinary one. */
const RUNTIMES = new Set(["runc", "crun", "io.containerd.runc.v2", "gantry"]);

/** Reports what this machine is not. What it is needs no more than that. */
export function checkMachine(map: MachineKeys, path: Path, report: Report): void {
  const { platform, runtime, isolation } = map;
  const here = `linux/${ARCHITECTURES[arch] ?? arch}`;
  const check = (key: keyof MachineKeys, sound: boolean, message: string) => {
    if (!sound)
      report.attempt([...path, key], () => {
        throw new InvalidValue(message);
      });
  };
  if (platform !== undefined)
    check(
      "platform",
      isHere(platform, here),
      `this machine runs ${here}, and gantry emulates no other; remove it, or use an image that has it`,
    );
  if (runtime !== undefined)
    check(
      "runtime",
      RUNTIMES.has(runtime),
      `gantry runs containers itself: there is no ${runtime}; remove it`,
    );
  if (isolation !== undefined)
    check("isolation", isolation === "default" || isolation === "", `"${isolation}" is Windows'; remove it`);
}

/** `linux`, `amd64`, `linux/amd64`, `linux/amd64/v2`, `linux/x86_64`. */
function isHere(platform: string, here: string): boolean {
  const [os, architecture] = here.split("/");
  const parts = platform.toLowerCase().split("/");
  const wanted = parts.find((part) => part !== os && !/^v\d+$/.test(part));
  const aliases: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };
  return (
    (parts[0] === os || parts.length === 1) &&
    (wanted === undefined || (aliases[wanted] ?? wanted) === architecture)
  );
}
