import { expect, test } from "vitest";
import { printable, renderTable } from "../../../src/cli/table.ts";

test("columns are aligned under their headings, three spaces apart, the last one not padded", () => {
  const text = renderTable(
    ["NAME", "STATUS", "PORTS"],
    [
      ["shop-web-1", "Up 3 seconds", "80/tcp"],
      ["db", "Exited (0)", ""],
    ],
  );
  expect(text).toBe(
    [
      "NAME         STATUS         PORTS",
      "shop-web-1   Up 3 seconds   80/tcp",
      "db           Exited (0)",
      "",
    ].join("\n"),
  );
});

test("a table without rows is its heading", () => {
  expect(renderTable(["NAME", "TAG"], [])).toBe("NAME      TAG\n");
});

test("escape sequences and newlines in a name cannot move the cursor", () => {
  expect(renderTable(["NAME"], [["a\u001B[2J\nb\u009B"]])).toBe("NAME\na?[2J?b?\n");
  expect(printable("grün 日本")).toBe("grün 日本");
});
