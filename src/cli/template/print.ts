import type { Context } from "../context.ts";
import { printable, renderTable } from "../table.ts";
import { execute } from "./execute.ts";
import { parseTemplate } from "./parse.ts";

/** A row as docker's `--format` knows it: fields by their names there. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Prints rows as docker's `--format` says: `json`, a template, or `table` and a template whose columns are parted by
 * tabs. `headings` are the columns' by field. Throws request.invalid.
 */
export function printRows(
  context: Pick<Context, "stdout">,
  format: string,
  rows: readonly Row[],
  headings: Readonly<Record<string, string>>,
): void {
  if (format === "json") {
    context.stdout.write(rows.map((row) => `${JSON.stringify(withoutFunctions(row))}\n`).join(""));
    return;
  }
  const [, table, rest = ""] = /^(table\s+)?([^]*)$/.exec(format) ?? [];
  // As docker: a shell's single quotes leave these as they are.
  const nodes = parseTemplate(rest.replaceAll("\\t", "\t").replaceAll("\\n", "\n"));
  const lines = rows.map((row) => execute(nodes, row, true));
  if (table === undefined) {
    context.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return;
  }
  const upper = Object.fromEntries(
    Object.keys({ ...rows[0], ...headings }).map((name) => [name, headings[name] ?? name.toUpperCase()]),
  );
  const heading = execute(nodes, { ...upper, Label: () => "LABEL" }, true);
  const cells = (line: string): readonly string[] => line.split("\t").map(printable);
  context.stdout.write(renderTable(cells(heading), lines.map(cells)));
}

function withoutFunctions(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => typeof value !== "function"));
}

/** Prints one value after another as a template says; a field that is not there is `<no value>`. Throws request.invalid. */
export function printEach(
  context: Pick<Context, "stdout">,
  format: string,
  values: readonly unknown[],
): void {
  const nodes = parseTemplate(format === "json" ? "{{json .}}" : format);
  context.stdout.write(values.map((value) => `${execute(nodes, value, false)}\n`).join(""));
}
