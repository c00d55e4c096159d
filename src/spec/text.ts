import { isUtf8 } from "node:buffer";
import { SpecError } from "./diagnostic.ts";

/** Larger files are refused: no spec comes near, and a parser's memory is a multiple of its input. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024;

const NEWLINE = 0x0a;

/**
 * A file's bytes as text, without its byte order mark. Throws SpecError (spec.syntax) for anything that is not
 * UTF-8, at the first byte that is wrong, and for more than MAX_FILE_BYTES.
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  const fail = (line: number, column: number, message: string): never => {
    throw new SpecError("spec.syntax", [{ severity: "error", file, line, column, path: "", message }]);
  };
  if (bytes.length > MAX_FILE_BYTES) fail(1, 1, `larger than ${MAX_FILE_BYTES / 1024 / 1024} MB`);
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    fail(1, 1, "this is UTF-16; save it as UTF-8");
  if (!isUtf8(bytes)) {
    const { line, column } = firstInvalid(bytes);
    fail(line, column, "this is not UTF-8 text");
  }
  return new TextDecoder("utf-8").decode(bytes);
}

/** A newline byte is never part of a longer UTF-8 sequence, so lines can be judged one by one. */
function firstInvalid(bytes: Uint8Array): { readonly line: number; readonly column: number } {
  let line = 1;
  let start = 0;
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    const part = Buffer.from(bytes.subarray(start, end));
    if (!isUtf8(part)) {
      const repaired = Buffer.from(part.toString("utf8"));
      const wrong = part.findIndex((byte, index) => byte !== repaired[index]);
      return { line, column: part.subarray(0, wrong).toString("utf8").length + 1 };
    }
    if (newline === -1) return { line, column: 1 };
    line += 1;
    start = newline + 1;
  }
}
