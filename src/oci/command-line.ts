import { OciError } from "./oci-error.ts";

/** A flag of a verb; `value` names what it takes, absent for a switch. */
export interface Flag {
  /** The first is how it is asked for. */
  readonly names: readonly string[];
  readonly value?: string;
  readonly usage: string;
}

/** What was given, by the first name of each flag. */
export interface Parsed {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
}

/**
 * Reads flags as Go's package flag does: one dash or two, `--flag value` or `--flag=value`, up to the first word that is
 * none, or `--`. With `anywhere`, flags may also follow words. Throws OciError.
 */
export function parseFlags(
  words: readonly string[],
  flags: readonly Flag[],
  { anywhere }: { readonly anywhere: boolean },
): Parsed {
  const given = new Map<string, string[]>();
  const rest: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (word === "--") return { flags: given, words: [...rest, ...words.slice(at + 1)] };
    const [, name, , inline] = /^--?([A-Za-z][\w-]*)(=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      if (!anywhere) return { flags: given, words: words.slice(at) };
      rest.push(word);
      continue;
    }
    const flag = flags.find(({ names }) => names.includes(name));
    if (flag === undefined) throw new OciError(`flag provided but not defined: -${name}`);
    let value = inline;
    if (flag.value !== undefined && value === undefined) {
      at += 1;
      value = words[at];
      if (value === undefined) throw new OciError(`flag needs an argument: -${name}`);
    }
    const key = flag.names[0] ?? name;
    given.set(key, [...(given.get(key) ?? []), value ?? "true"]);
  }
  return { flags: given, words: rest };
}

/** The last value of a flag. */
export function valueOf({ flags }: Parsed, name: string): string | undefined {
  return flags.get(name)?.at(-1);
}

export function isSet(parsed: Parsed, name: string): boolean {
  const value = valueOf(parsed, name);
  return value !== undefined && value !== "false";
}

/** A whole number that a flag was given, negative ones included. Throws OciError. */
export function numberOf(parsed: Parsed, name: string): number | undefined {
  const value = valueOf(parsed, name);
  if (value === undefined) return undefined;
  if (!/^-?\d{1,19}$/.test(value)) throw new OciError(`invalid value "${value}" for flag -${name}`);
  return Number(value);
}

/** Throws OciError unless there are so many words. */
export function checkWords(verb: string, { words }: Parsed, least: number, most = least): void {
  if (words.length >= least && words.length <= most) return;
  const s = (count: number): string => `${count} argument${count === 1 ? "" : "(s)"}`;
  throw new OciError(
    least === most
      ? `"${verb}" requires exactly ${s(least)}`
      : words.length < least
        ? `"${verb}" requires a minimum of ${s(least)}`
        : `"${verb}" requires a maximum of ${s(most)}`,
  );
}

/** The flags of a verb as its help lists them. */
export function flagsHelp(flags: readonly Flag[]): string {
  const rows = flags.map(({ names, value, usage }) => {
    const left = names.map((name) => (name.length === 1 ? `-${name}` : `--${name}`)).join(", ");
    return `   ${`${left}${value === undefined ? "" : ` ${value}`}`.padEnd(28)} ${usage}`;
  });
  return rows.length === 0 ? "" : `\nOPTIONS:\n${rows.join("\n")}\n`;
}
