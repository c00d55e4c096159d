import { GantryError } from "../error.ts";
import { DEFAULT_PATH } from "./image.ts";
import type { ImageConfig } from "./image.ts";
import { formatReference, parseReference } from "./reference.ts";

/** What an imported image says about running it: nothing but a PATH, unless told. */
export function importedConfig(changes: Partial<ImageConfig> = {}): ImageConfig {
  return { env: [`PATH=${DEFAULT_PATH}`], labels: {}, exposedPorts: [], ...changes };
}

/** A name that somebody may give to an image of his own, in its familiar form. Throws request.invalid. */
export function givenName(text: string): string {
  if (parseReference(text).digest !== undefined) {
    throw new GantryError("request.invalid", `an image cannot be given a digest as its name: ${text}`, {
      next: "give it a name and a tag: tools:1",
    });
  }
  return storedName(text);
}

/** A name that an image may have, in its familiar form: `alpine:3`, `alpine@sha256:...`. Throws request.invalid. */
export function storedName(text: string): string {
  const reference = parseReference(text);
  if (reference.domain === "docker.io" && reference.path === "library/host") {
    throw new GantryError("request.invalid", `the name "host" is taken: it is this machine itself`, {
      next: "give the image another name",
    });
  }
  return formatReference(reference);
}
