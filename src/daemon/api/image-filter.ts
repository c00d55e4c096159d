import type { ImageSummary } from "../engine.ts";
import { invalid } from "./errors.ts";
import { anyMatches, labelsMatch, type Filters } from "./filters.ts";

export const IMAGE_FILTERS = ["before", "dangling", "label", "reference", "since", "until"];

/** The images that docker's filters of `GET /images/json` leave. Throws request.invalid. */
export function filteredImages(images: readonly ImageSummary[], filters: Filters): readonly ImageSummary[] {
  const before = madeAt(images, filters, "before");
  const since = madeAt(images, filters, "since");
  const until = untilOf(filters);
  return images.filter(
    (image) =>
      labelsMatch(filters, image.labels) &&
      anyMatches(filters, "reference", (pattern) => image.references.some((one) => isLike(one, pattern))) &&
      anyMatches(filters, "dangling", (value) => isDangling(image) === isTrue(value)) &&
      image.createdAt < Math.min(before ?? Infinity, until ?? Infinity) &&
      image.createdAt > (since ?? -Infinity),
  );
}

export function isTrue(value: string): boolean {
  return value !== "false" && value !== "0";
}

function isDangling({ references, digests }: ImageSummary): boolean {
  return references.length === 0 && digests.length === 0;
}

/** ms since the epoch, from seconds since it, a date, or how long ago (`24h`). Throws request.invalid. */
export function untilOf(filters: Filters): number | undefined {
  const text = filters.get("until")?.[0];
  if (text === undefined) return undefined;
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  const ago = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (ago !== null && text !== "") {
    const [hours = 0, minutes = 0, seconds = 0] = ago.slice(1).map((part) => Number(part ?? 0));
    return Date.now() - (hours * 3600 + minutes * 60 + seconds) * 1000;
  }
  const date = Date.parse(text);
  if (Number.isNaN(date)) throw invalid(`the filter until: "${text}" is no time`, "give 24h, or 2026-01-31");
  return date;
}

function madeAt(images: readonly ImageSummary[], filters: Filters, name: string): number | undefined {
  const wanted = filters.get(name)?.[0];
  if (wanted === undefined) return undefined;
  const found = images.find((image) => isNamed(image, wanted));
  if (found === undefined) throw invalid(`the filter ${name}: there is no image ${wanted}`);
  return found.createdAt;
}

function isNamed(image: ImageSummary, name: string): boolean {
  const short = name.replace(/^sha256:/, "");
  return (
    image.id === name ||
    image.references.some((reference) => reference === name || reference === `${name}:latest`) ||
    (/^[0-9a-f]{4,64}$/.test(short) && image.id.startsWith(`sha256:${short}`))
  );
}

/** Docker's patterns: `*` is anything but a slash, `?` one character; without a tag any tag will do. */
function isLike(reference: string, pattern: string): boolean {
  if (pattern.length > 255) return false;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, "[^/]*")
    .replace(/\?/g, "[^/]");
  const tagged = pattern.lastIndexOf(":") > pattern.lastIndexOf("/");
  return new RegExp(`^${source}${tagged ? "" : "(?::[^/:]*)?"}$`).test(reference);
}
