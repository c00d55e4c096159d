/** `registry:5000/name:tag` in two: the last colon counts only after the last slash. */
export function splitReference(reference: string): { readonly name: string; readonly tag?: string } {
  const colon = reference.indexOf(":", reference.lastIndexOf("/") + 1);
  if (colon === -1) return { name: reference };
  return { name: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
