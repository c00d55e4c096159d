import { GantryError } from "../error.ts";

/** An image reference in its parts; the domain and `library/` are filled in as Docker does. */
export interface Reference {
  /** `docker.io` when none was written. */
  readonly domain: string;
  /** `library/alpine`. */
  readonly path: string;
  /** Undefined only where there is a digest. */
  readonly tag?: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest?: string;
}

// The grammar of distribution/reference (https://distribution.github.io/distribution/spec/api/), spelled out.
const HOST_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const DOMAIN = new RegExp(String.raw`^(?:${HOST_LABEL}(?:\.${HOST_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$`);
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[a-f0-9]{64}$/;
const NAME_LIMIT = 255;
const REFERENCE_LIMIT = 1024;

function invalid(text: string, why: string): GantryError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return new GantryError("request.invalid", `${JSON.stringify(shown)} is not an image reference: ${why}`, {
    next: "write [registry/]name[:tag], in lower case: nginx:1.27, registry.example.org/team/web:2",
  });
}

/** Takes what follows `mark` off the end; undefined when the mark is not there. */
function cut(text: string, mark: number): readonly [string, string | undefined] {
  return mark < 0 ? [text, undefined] : [text.slice(0, mark), text.slice(mark + 1)];
}

/** The first component is a registry when it could not be anything else: a dot, a port, or localhost. */
function splitDomain(name: string): readonly [string, string] {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  if (slash > 0 && (/[.:[]/.test(first) || first === "localhost" || first !== first.toLowerCase())) {
    return [first === "index.docker.io" ? "docker.io" : first, name.slice(slash + 1)];
  }
  return ["docker.io", name];
}

/**
 * Reads an image reference: `alpine`, `team/web:2`, `registry.example.org:5000/web@sha256:...`.
 * Throws request.invalid.
 */
export function parseReference(text: string): Reference {
  if (text.length === 0) throw invalid(text, "it is empty");
  if (text.length > REFERENCE_LIMIT) throw invalid(text, `it is longer than ${REFERENCE_LIMIT} characters`);
  if (/^[a-f0-9]{64}$/.test(text)) throw invalid(text, "64 hexadecimal digits are an id");
  const [withTag, digest] = cut(text, text.indexOf("@"));
  // A colon before the last slash belongs to the registry's port.
  const colon = withTag.lastIndexOf(":");
  const [name, tag] = cut(withTag, colon > withTag.lastIndexOf("/") ? colon : -1);
  const [domain, short] = splitDomain(name);
  const path = domain === "docker.io" && !short.includes("/") ? `library/${short}` : short;

  if (name.length > NAME_LIMIT) throw invalid(text, `its name is longer than ${NAME_LIMIT} characters`);
  if (!DOMAIN.test(domain)) throw invalid(text, `${JSON.stringify(domain)} is not a registry's address`);
  for (const component of path.split("/")) {
    if (COMPONENT.test(component)) continue;
    if (component === "") throw invalid(text, "a part of its name is empty");
    if (COMPONENT.test(component.toLowerCase())) throw invalid(text, "its name must be in lower case");
    throw invalid(text, `${JSON.stringify(component)} is not a name`);
  }
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `${JSON.stringify(tag)} is not a tag`);
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw invalid(text, "its digest is not sha256: and 64 hexadecimal digits");
  }
  if (digest === undefined) return { domain, path, tag: tag ?? "latest" };
  return { domain, path, ...(tag === undefined ? {} : { tag }), digest };
}

/** The reference as people write it: without `docker.io/library/`, with its tag: `alpine:latest`. */
export function formatReference(reference: Reference): string {
  const { domain, path, tag, digest } = reference;
  const familiar = domain === "docker.io" ? path.replace(/^library\/(?=[^/]+$)/, "") : `${domain}/${path}`;
  return `${familiar}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}
