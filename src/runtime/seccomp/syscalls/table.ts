/** System call numbers of one architecture, by name. */
export type SyscallTable = ReadonlyMap<string, number>;

/** Reads rows of names: each row counts up from its number, `-` stands for a number that means nothing. */
export function syscallTable(rows: Readonly<Record<number, string>>): SyscallTable {
  const table = new Map<string, number>();
  for (const [first, names] of Object.entries(rows)) {
    names.split(" ").forEach((name, index) => {
      if (name !== "-") table.set(name, Number(first) + index);
    });
  }
  return table;
}
