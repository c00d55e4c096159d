import type { Context } from "./context.ts";
import { renderTable } from "./table.ts";

export const FORMATS = ["table", "json", "yaml"] as const;
export type Format = (typeof FORMATS)[number];

export interface Columns<T> {
  readonly heading: readonly string[];
  row(item: T): readonly string[];
}

/** Prints a list as a table, or the API's objects as they came. */
export async function printList<T>(
  context: Pick<Context, "stdout">,
  format: Format,
  items: readonly T[],
  columns: Columns<T>,
): Promise<void> {
  if (format !== "table") return printValue(context, format, items);
  context.stdout.write(
    renderTable(
      columns.heading,
      items.map((item) => columns.row(item)),
    ),
  );
}

/** Prints one value as indented JSON or as YAML. */
export async function printValue(
  context: Pick<Context, "stdout">,
  format: "json" | "yaml",
  value: unknown,
): Promise<void> {
  if (format === "json") {
    context.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    return;
  }
  const { stringify } = await import("yaml");
  context.stdout.write(stringify(value));
}
