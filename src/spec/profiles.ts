import { SpecError } from "./diagnostic.ts";
import { readSpecFile } from "./file.ts";
import { hostPath } from "./mount.ts";
import { InvalidValue } from "./report.ts";
import type { ProfileText } from "./security.ts";
import { decodeText } from "./text.ts";

export interface Profiles {
  /** Absolute paths of those that a path could be made of. */
  readonly paths: readonly string[];
  readonly textOf: ProfileText;
}

/**
 * Reads the seccomp profiles a file names. Their text is part of the desired state, so that an edited profile is a
 * change, and the daemon needs no file of the user's. What cannot be read is told where the text is asked for.
 */
export async function readProfiles(
  written: readonly string[],
  context: { readonly workingFolder: string; readonly home: string | undefined },
  shown: (path: string) => string,
): Promise<Profiles> {
  const texts = new Map<string, string | InvalidValue>();
  const paths: string[] = [];
  for (const name of written) {
    try {
      const path = hostPath(name, context);
      paths.push(path);
      texts.set(
        name,
        compactJson(decodeText(await readSpecFile(path, shown(path)), shown(path)), shown(path)),
      );
    } catch (error) {
      if (error instanceof SpecError)
        texts.set(
          name,
          new InvalidValue(error.diagnostics.map(({ file, message }) => `${file}: ${message}`).join("; ")),
        );
      else if (error instanceof InvalidValue) texts.set(name, error);
      else throw error;
    }
  }
  return {
    paths,
    textOf: (name) => {
      const text = texts.get(name);
      if (typeof text === "string") return text;
      throw text ?? new InvalidValue(`the profile ${name} was not read`);
    },
  };
}

/** Without blanks, so that a profile only laid out anew is no change. */
function compactJson(text: string, shown: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    throw new InvalidValue(`${shown} is not JSON`);
  }
}
