import { invalid, NotBuiltError } from "./errors.ts";

/** Values by filter name. Values of one name are alternatives, except labels, which must all match. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/**
 * Docker's `filters` parameter: JSON, `{"label":["a=b"]}`, or as older clients send it `{"label":{"a=b":true}}`.
 * `known` are the names built here, `later` those Docker knows too. Throws request.invalid.
 */
export function parseFilters(
  text: string | undefined,
  known: readonly string[],
  later: readonly string[] = [],
): Filters {
  const filters = new Map<string, readonly string[]>();
  if (text === undefined) return filters;
  for (const [name, value] of Object.entries(parseObject(text))) {
    if (later.includes(name)) throw new NotBuiltError(`the filter "${name}"`);
    if (!known.includes(name)) throw invalid(`invalid filter '${name}'`, `filters here: ${known.join(", ")}`);
    filters.set(name, valuesOf(name, value));
  }
  return filters;
}

/** Whether one of a filter's values matches; true where there is no such filter. */
export function anyMatches(filters: Filters, name: string, matches: (value: string) => boolean): boolean {
  return filters.get(name)?.some(matches) ?? true;
}

/** Whether all `label` filters (`key` or `key=value`) match. */
export function labelsMatch(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  return (filters.get("label") ?? []).every((wanted) => {
    const equals = wanted.indexOf("=");
    const key = equals < 0 ? wanted : wanted.slice(0, equals);
    return Object.hasOwn(labels, key) && (equals < 0 || labels[key] === wanted.slice(equals + 1));
  });
}

function parseObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid("query parameter filters: not JSON", 'try: filters={"label":["key=value"]}');
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw invalid("query parameter filters: not a JSON object", 'try: filters={"label":["key=value"]}');
  }
  return value;
}

function valuesOf(name: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, on]) => (on === true ? [key] : []));
  }
  throw invalid(`filter '${name}': not a list of strings`);
}
