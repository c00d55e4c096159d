/** What a registry asks for before it answers (RFC 9110, 11.6.1): a scheme and its parameters. */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const CHALLENGE = /^\s*([A-Za-z][\w-]*)(?=\s|$)\s*/;
const PARAMETER = /^\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*,?/;
/** Characters; registries send a few hundred. */
const LONGEST = 8192;

/** The challenges of a WWW-Authenticate header, in their order. What is not understood ends them. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  let rest = header.slice(0, LONGEST);
  for (let found = CHALLENGE.exec(rest); found !== null; found = CHALLENGE.exec(rest)) {
    rest = rest.slice(found[0].length);
    const parameters: Record<string, string> = Object.create(null) as Record<string, string>;
    for (let one = PARAMETER.exec(rest); one !== null; one = PARAMETER.exec(rest)) {
      parameters[(one[1] ?? "").toLowerCase()] = one[2]?.replace(/\\(.)/g, "$1") ?? one[3] ?? "";
      rest = rest.slice(one[0].length);
    }
    challenges.push({ scheme: (found[1] ?? "").toLowerCase(), parameters });
  }
  return challenges;
}
