/** What of Docker's Engine API is spoken: `docker version` shows these, and clients settle on one between them. */
export const API_VERSION = "1.50";
export const OLDEST_API_VERSION = "1.24";

/** Takes `/v1.24` ... `/v1.50` off a path: every version is served alike. Other versions stay, and find no route. */
export function withoutVersion(url: string): string {
  const [prefix, minor] = /^\/v1\.(\d\d)(?=\/)/.exec(url) ?? [];
  if (prefix === undefined || Number(minor) < 24 || Number(minor) > 50) return url;
  return url.slice(prefix.length);
}
