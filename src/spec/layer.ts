import { applyExtends } from "./extends.ts";
import { applyIncludes } from "./include.ts";
import { merge, withoutResets } from "./merge.ts";
import { resolveDocument } from "./resolve.ts";
import type { Scope } from "./scope.ts";
import type { Tree } from "./tree.ts";
import type { Opened } from "./workspace.ts";

/**
 * One model out of several files, or documents of files, each with what it includes and extends, the later ones laid over
 * the earlier. What is wrong goes to the report; undefined when there is nothing left to judge.
 */
export async function readLayers(files: readonly Opened[], scope: Scope): Promise<Tree | undefined> {
  let model: Tree | undefined;
  for (const file of files) {
    const layer = await readLayer(file, scope);
    if (layer !== undefined) model = model === undefined ? layer : merge(model, layer, "");
  }
  return model === undefined ? undefined : withoutResets(model);
}

async function readLayer(file: Opened, scope: Scope): Promise<Tree | undefined> {
  const { report, budget } = scope.workspace;
  const own = resolveDocument(file, report, scope.expanderOf(scope.lookup), budget);
  if (own === undefined) return undefined;
  const whole = await applyIncludes(own, file, scope, readLayers);
  return applyExtends(whole, file, scope);
}
