export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A Markdown table: numbers to the right. */
export function table(header, rows) {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row, pad) =>
    `| ${row.map((cell, column) => pad(cell, widths[column], column)).join(" | ")} |`;
  const pad = (cell, width, column) => (column === 0 ? cell.padEnd(width) : cell.padStart(width));
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [
    line(cells[0], pad),
    `| ${rule.join(" | ")} |`,
    ...cells.slice(1).map((row) => line(row, pad)),
  ].join("\n");
}

/** The number behind `--name` in the options. */
export function numberOption(options, name, standard) {
  const at = options.indexOf(`--${name}`);
  if (at < 0) return standard;
  const value = Number(options[at + 1]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} needs a whole number above 0`);
  return value;
}
