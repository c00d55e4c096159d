import { fileURLToPath } from "node:url";

/** Path of one of the native programs; the same from src/ and from dist/. */
export function programPath(name: "gantry-launcher" | "gantry-proxy" | "gantry-applier"): string {
  return fileURLToPath(new URL(`../../native/build/${name}`, import.meta.url));
}
