import { isMap, isScalar } from "yaml";
import { interpolate } from "./interpolate.ts";
import { projectNameOf, readProjectName } from "./name.ts";
import { InvalidValue } from "./report.ts";
import type { Spot } from "./tree.ts";
import type { Lookup } from "./variables.ts";
import type { Opened, Workspace } from "./workspace.ts";

/**
 * `-p`, else COMPOSE_PROJECT_NAME, else the `name` of the last file that has one, else the folder's. It is needed before
 * anything else is read, since COMPOSE_PROJECT_NAME may stand in any value. What is wrong goes to the report.
 */
export function chooseProjectName(
  given: string | undefined,
  lookup: Lookup,
  files: readonly Opened[],
  folder: string,
  workspace: Workspace,
): string {
  const wanted = given ?? (lookup("COMPOSE_PROJECT_NAME") || undefined);
  const own = wanted === undefined ? files.map(nameIn).findLast((found) => found !== undefined) : undefined;
  try {
    if (wanted !== undefined) return readProjectName(wanted);
    if (own === undefined) return projectNameOf(folder);
    return readProjectName(interpolate(own.text, { lookup, unset: () => undefined, stray: "error" }));
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    const [first] = files;
    const spot = own?.spot ?? (first === undefined ? undefined : { source: first.source, offset: 0 });
    if (spot !== undefined)
      workspace.report.at("error", spot, own === undefined ? [] : ["name"], error.message);
    return "invalid";
  }
}

function nameIn({ document, source }: Opened): { readonly text: string; readonly spot: Spot } | undefined {
  const node: unknown = isMap(document.contents) ? document.contents.get("name", true) : undefined;
  if (!isScalar(node) || typeof node.value !== "string") return undefined;
  return { text: node.value, spot: { source, offset: node.range?.[0] ?? 0 } };
}
