import { writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { GantryError, messageOf } from "../../error.ts";
import { packageFile } from "../../package-file.ts";
import { say, type Context } from "../context.ts";

export interface InitOptions {
  readonly file: string;
}

/** For editors that speak YAML: they complete and check with it. */
const SCHEMA = packageFile("schema/compose.schema.json");

/** `gantry init`: a starter file with comments, that runs as it is. Leaves a file that is there alone. */
export async function init(context: Context, { file }: InitOptions): Promise<number> {
  const path = resolve(context.cwd, file);
  try {
    await writeFile(path, starter(SCHEMA), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new GantryError("conflict", `${file} is there already`, { next: `gantry apply -f ${file}` });
    throw new GantryError("permission", `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
  say(context, `wrote ${basename(path)}; run it with: gantry apply`);
  return 0;
}

function starter(schema: string): string {
  return `# yaml-language-server: $schema=${schema}
# A Compose file: https://github.com/compose-spec/compose-spec. gantry apply runs it, gantry watch at every save.
services:
  web:
    # "host" is a read-only view of this machine's own programs; or an image: nginx:1.27, registry.example.com/app:2
    image: host
    command: [sleep, infinity]
    # ports: ["8080:80"]              # this machine's 8080, balanced over the replicas
    # environment: { LEVEL: "\${LEVEL:-info}" }
    # env_file: [web.env]
    # volumes: ["data:/var/lib/data", "./config:/etc/app:ro"]
    # secrets: [password]             # a file in memory: /run/secrets/password
    # depends_on: { db: { condition: service_healthy } }
    restart: unless-stopped
    deploy:
      replicas: 1
      resources: { limits: { memory: 256m, cpus: "0.5" } }
# volumes: { data: }
# secrets: { password: { file: ./password.txt } }
`;
}
