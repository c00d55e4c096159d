import type { Escape } from "./directives.ts";
import { replaced, withoutPrefix, withoutSuffix } from "./pattern.ts";

export interface Variables {
  /** Undefined for one that is not set. */
  readonly lookup: (name: string) => string | undefined;
  readonly escape: Escape;
}

/** What is wrong with a word; whoever knows where it stands adds that. */
export class ExpansionError extends Error {}

/**
 * Replaces `$name` and `${name...}` in a word and takes quotes and escapes away, as the Dockerfile reference has it under
 * "Environment replacement". Nothing is replaced between single quotes. Throws ExpansionError.
 */
export function expandWord(word: string, variables: Variables): string {
  return new Reader(word, variables, true).until(undefined);
}

/** Replaces variables in a text that is none of the shell's: quotes and escapes stay, but for an escaped `$`. */
export function expandText(text: string, variables: Variables): string {
  return new Reader(text, variables, false).until(undefined);
}

const NAME = /^(?:[A-Za-z_]\w*|[0-9@*#?!$-])/;

class Reader {
  readonly #text: string;
  readonly #variables: Variables;
  readonly #quotes: boolean;
  #at = 0;

  constructor(text: string, variables: Variables, quotes: boolean) {
    this.#text = text;
    this.#variables = variables;
    this.#quotes = quotes;
  }

  /** Everything up to one of the characters, which is taken too; up to the end where none is given. */
  until(stops: string | undefined): string {
    const { escape } = this.#variables;
    let out = "";
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? "";
      this.#at += 1;
      if (stops?.includes(character) === true) {
        this.#at -= 1;
        return out;
      }
      if (character === "$") out += this.#dollar();
      else if (character === escape) out += this.#escaped(this.#quotes ? undefined : "$");
      else if (this.#quotes && character === "'") out += this.#single();
      else if (this.#quotes && character === '"') out += this.#double();
      else out += character;
    }
    if (stops !== undefined) throw new ExpansionError(`a \${ without its } in ${this.#text}`);
    return out;
  }

  /** The character after an escape; with the escape itself where it only has power over some others. */
  #escaped(over: string | undefined): string {
    const { escape } = this.#variables;
    const character = this.#text[this.#at] ?? "";
    this.#at += character.length;
    if (over === undefined || (character !== "" && over.includes(character))) return character;
    return escape + character;
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at);
    if (end < 0) throw new ExpansionError(`a ' without its match in ${this.#text}`);
    const inside = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return inside;
  }

  #double(): string {
    const { escape } = this.#variables;
    let out = "";
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? "";
      this.#at += 1;
      if (character === '"') return out;
      if (character === "$") out += this.#dollar();
      else if (character === escape) out += this.#escaped(`"$${escape}`);
      else out += character;
    }
    throw new ExpansionError(`a " without its match in ${this.#text}`);
  }

  #dollar(): string {
    const braced = this.#text[this.#at] === "{";
    if (braced) this.#at += 1;
    const name = NAME.exec(this.#text.slice(this.#at))?.[0];
    if (name === undefined || (!braced && /^[!$?-]$/.test(name))) {
      if (braced) throw new ExpansionError(`${this.#text}: a name must follow \${`);
      return "$";
    }
    this.#at += name.length;
    const value = this.#variables.lookup(name);
    if (!braced) return value ?? "";
    const result = this.#modified(name, value);
    if (this.#text[this.#at] !== "}") throw new ExpansionError(`a \${ without its } in ${this.#text}`);
    this.#at += 1;
    return result;
  }

  #modified(name: string, value: string | undefined): string {
    const [modifier = ""] = /^(?:[:]?[-+?]|##?|%%?|\/\/?|.|$)/s.exec(this.#text.slice(this.#at)) ?? [];
    if (modifier === "}" || modifier === "") return value ?? "";
    this.#at += modifier.length;
    const isSet = modifier.startsWith(":") ? value !== undefined && value !== "" : value !== undefined;
    switch (modifier) {
      case ":-":
      case "-": {
        const word = this.until("}");
        return isSet ? (value ?? "") : word;
      }
      case ":+":
      case "+": {
        const word = this.until("}");
        return isSet ? word : "";
      }
      case ":?":
      case "?": {
        const message = this.until("}");
        if (isSet) return value ?? "";
        throw new ExpansionError(`${name}: ${message === "" ? "not set" : message}`);
      }
      case "#":
      case "##":
        return withoutPrefix(value ?? "", this.#pattern("}"), modifier === "##");
      case "%":
      case "%%":
        return withoutSuffix(value ?? "", this.#pattern("}"), modifier === "%%");
      case "/":
      case "//": {
        const pattern = this.#pattern("/}");
        if (this.#text[this.#at] === "/") this.#at += 1;
        return replaced(value ?? "", pattern, this.until("}"), modifier === "//");
      }
      default:
        throw new ExpansionError(`unknown modifier "${modifier}" in ${this.#text}`);
    }
  }

  /** A pattern keeps its escapes: they say what in it means nothing special. */
  #pattern(stops: string): string {
    const { escape } = this.#variables;
    let pattern = "";
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? "";
      if (stops.includes(character)) return pattern;
      this.#at += 1;
      if (character === escape) {
        pattern += `\\${this.#text[this.#at] ?? ""}`;
        this.#at += 1;
      } else pattern += character === "$" ? this.#dollar() : character;
    }
    throw new ExpansionError(`a \${ without its } in ${this.#text}`);
  }
}
