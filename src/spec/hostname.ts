import { InvalidValue } from "./report.ts";

/** hostname(7), and the kernel's bound on its length. */
export function readHostname(text: string): string {
  if (text.length > 64 || !/^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(text))
    throw new InvalidValue(`"${text}" is not a host name (letters, digits, - and ., at most 64)`);
  return text;
}
