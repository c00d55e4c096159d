import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of package.json: above src/ where tests import modules, above dist/ wherever a bundle has put them. */
const ROOT = packageRoot(new URL(".", import.meta.url));

/** Absolute path of a file of this package: `dist/daemon/main.js`, `schema/compose.schema.json`. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}

function packageRoot(folder: URL): URL {
  if (existsSync(new URL("package.json", folder))) return folder;
  const above = new URL("..", folder);
  if (above.href === folder.href) throw new Error(`no package.json above ${import.meta.url}`);
  return packageRoot(above);
}
