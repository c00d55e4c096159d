/**
 * The value under a key of a record whose keys a user chose. A service may be called `constructor`:
 * plain indexing would find Object's.
 */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
