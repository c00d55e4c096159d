/** Change me and save: the next visit says it. */
export function greeting(name) {
  return `hello ${name}`;
}
