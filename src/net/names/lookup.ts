import type { NameEntry } from "./zone.ts";

/** The entries of one network, by name and by address. */
export class Lookup {
  readonly #entries = new Map<string, NameEntry>();
  readonly #byName = new Map<string, Set<NameEntry>>();
  readonly #byAddress = new Map<string, NameEntry>();

  put(key: string, entry: NameEntry): void {
    this.drop(key);
    this.#entries.set(key, entry);
    for (const name of entry.names) {
      const lower = name.toLowerCase();
      const set = this.#byName.get(lower) ?? new Set();
      this.#byName.set(lower, set.add(entry));
    }
    for (const address of entry.addresses) this.#byAddress.set(address, entry);
  }

  drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    for (const name of entry.names) {
      const set = this.#byName.get(name.toLowerCase());
      set?.delete(entry);
      if (set?.size === 0) this.#byName.delete(name.toLowerCase());
    }
    for (const address of entry.addresses)
      if (this.#byAddress.get(address) === entry) this.#byAddress.delete(address);
  }

  /** Everything that another one knows. */
  takeFrom(other: Lookup): void {
    for (const [key, entry] of other.#entries) this.put(key, entry);
  }

  clear(): void {
    for (const key of this.#entries.keys()) this.drop(key);
  }

  /** In lower case, without a final dot. */
  named(name: string): readonly NameEntry[] {
    return [...(this.#byName.get(name) ?? [])];
  }

  at(address: string): NameEntry | undefined {
    return this.#byAddress.get(address);
  }
}
