import type { Diagnostic } from "./diagnostic.ts";
import type { DotenvResult } from "./dotenv.ts";

/**
 * `format: raw`: what stands behind the first `=` is the value, whatever it holds; no quotes, no variables. Lines that
 * begin with `#` are comments, and `NAME` alone takes the variable of the environment, as `docker run --env-file` reads.
 */
export function parseRawEnvironment(
  text: string,
  file: string,
  env: (name: string) => string | undefined,
): DotenvResult {
  const values = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const written = line.trimStart();
    if (written === "" || written.startsWith("#")) continue;
    const equals = written.indexOf("=");
    const name = equals === -1 ? written : written.slice(0, equals);
    const value = equals === -1 ? env(name) : written.slice(equals + 1);
    if (name === "" || /[\s\0]/.test(name) || value?.includes("\0") === true) {
      const message = "expected NAME=value or a # comment";
      diagnostics.push({ severity: "error", file, line: index + 1, column: 1, path: "", message });
    } else if (value !== undefined) values.set(name, value);
  }
  return { values, diagnostics };
}
