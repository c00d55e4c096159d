import { GantryError } from "../error.ts";

export const DEFAULT_DETACH_KEYS = "ctrl-p,ctrl-q";

/**
 * The bytes of docker's `--detach-keys`: keys with commas between them, each a character or `ctrl-` with a letter or one
 * of `@ [ \ ] ^ _`. Throws request.invalid.
 */
export function parseDetachKeys(text: string): readonly number[] {
  return text.split(",").map((key) => {
    const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) - 0x40;
    if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
    throw new GantryError("request.invalid", `--detach-keys: "${key}" is no key`, {
      next: `try: --detach-keys ${DEFAULT_DETACH_KEYS}`,
    });
  });
}

/**
 * What is typed, up to the detach keys. A key that may begin them is held back until the next one tells, so that a
 * program never sees half of them.
 */
export async function* untilDetached(
  typed: AsyncIterable<Uint8Array>,
  keys: readonly number[],
): AsyncGenerator<Uint8Array, "detached" | "ended"> {
  let held = 0;
  for await (const chunk of typed) {
    const passed: number[] = [];
    for (const byte of chunk) {
      if (byte !== keys[held] && held > 0) {
        passed.push(...keys.slice(0, held));
        held = 0;
      }
      if (byte !== keys[held]) passed.push(byte);
      else if (++held === keys.length) {
        if (passed.length > 0) yield Uint8Array.from(passed);
        return "detached";
      }
    }
    if (passed.length > 0) yield Uint8Array.from(passed);
  }
  if (held > 0) yield Uint8Array.from(keys.slice(0, held));
  return "ended";
}
