/** Compares by code units, so that a plan reads the same under every locale. For `Array.sort`. */
export function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
