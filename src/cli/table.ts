const GAP = 3;
const MIN_WIDTH = 10;

/**
 * Rows as text in aligned columns, with a heading, as docker prints them: three spaces between, the last column
 * not padded. Ends with a newline. Control characters in cells are shown as `?`, so that a hostile name cannot
 * move the cursor.
 */
export function renderTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows].map((cells) => cells.map(printable));
  const widths = heading.map((_, column) =>
    Math.max(MIN_WIDTH, ...lines.map((cells) => (cells[column] ?? "").length + GAP)),
  );
  const text = lines.map((cells) =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join(""),
  );
  return `${text.map((line) => line.trimEnd()).join("\n")}\n`;
}

/** The text with control characters (C0, DEL, C1) replaced by `?`. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "?");
}
