import { isIPv4 } from "node:net";
import { parseReference } from "../image/reference.ts";

/** Docker's own registry answers under another name than its images have. */
const DOCKER_HUB = "registry-1.docker.io";

/** `host[:port]` that serves the images of a domain: `docker.io` is served elsewhere. */
export function hostOf(domain: string): string {
  return domain === "docker.io" ? DOCKER_HUB : domain;
}

/** The domain of an image's name: `docker.io` when it names none. Throws request.invalid. */
export function domainOf(reference: string): string {
  return parseReference(reference).domain;
}

/** Whether an address is this machine: nobody in between can read or change what is said. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return name === "localhost" || name === "::1" || (isIPv4(name) && name.startsWith("127."));
}
