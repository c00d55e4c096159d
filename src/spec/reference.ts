import { InvalidValue } from "./report.ts";

/** distribution/reference's grammar: [domain[:port]/]path[:tag][@digest]; only the domain may have capitals. */
const PART = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const DOMAIN =
  "(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9-]+)*|\\[[0-9a-fA-F:]+\\])(?::\\d{1,5})?";
const REFERENCE = new RegExp(
  `^(?:${DOMAIN}/)?${PART}(?:/${PART})*(?::[\\w][\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
);
const MAX_LENGTH = 255;

/** An image reference, as it is written. Throws InvalidValue. */
export function readReference(text: string): string {
  if (text.length > MAX_LENGTH || !REFERENCE.test(text))
    throw new InvalidValue(
      `"${text.slice(0, MAX_LENGTH)}" is not an image reference such as nginx:1.27 (lower case, no blanks)`,
    );
  return text;
}
