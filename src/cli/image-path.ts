import { segment } from "./client.ts";

/** The path of the daemon's API for one image. */
export function imagePath(reference: string, what: "json" | "history" | "tag" | "push" | "get"): string {
  return `/images/${segment(reference)}/${what}`;
}
