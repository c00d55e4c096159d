import { InvalidValue } from "./report.ts";

/** Permissions, always octal. Throws InvalidValue. */
export function readMode(text: string): number {
  const [, digits] = /^(?:0o?)?([0-7]{1,4})$/.exec(text) ?? [];
  if (digits === undefined)
    throw new InvalidValue(`expected permissions in octal such as 0755 or 1777, got "${text}"`);
  return Number.parseInt(digits, 8);
}
