import { createHash } from "node:crypto";
import { stringify } from "yaml";
import type { CanonicalProject } from "../../spec/canonical.ts";
import { GantryError } from "../../error.ts";
import { escaped } from "../../spec/escape.ts";
import type { Context } from "../context.ts";
import { loadOptions, warn, type SpecFlags } from "../spec-flags.ts";

export interface ConfigOptions extends SpecFlags {
  readonly output: "yaml" | "json";
  /** Nothing but the names of services, images, ... */
  readonly services?: boolean;
  readonly images?: boolean;
  readonly volumes?: boolean;
  readonly profiles?: boolean;
  /** A service, or `*`: its hash. */
  readonly hash?: string;
  /** Only whether the files are sound. */
  readonly quiet?: boolean;
  /** False: variables as they are written. */
  readonly interpolate: boolean;
}

/** `gantry config`: the files as one, in their long form. Asks no daemon. */
export async function config(context: Context, options: ConfigOptions): Promise<number> {
  const { loadProject, loadUninterpolated } = await import("../../spec/load.ts");
  if (!options.interpolate) {
    const { value, warnings } = await loadUninterpolated(loadOptions(context, options));
    await warn(context, warnings);
    if (options.quiet !== true) print(context, options.output, value);
    return 0;
  }
  const { warnings, canonical } = await loadProject(loadOptions(context, options));
  await warn(context, warnings);
  if (options.quiet === true) return 0;
  const project = canonical();
  const names = namesAsked(project, options);
  if (names !== undefined) context.stdout.write(names.map((name) => `${name}\n`).join(""));
  else print(context, options.output, escaped(project));
  return 0;
}

/** The lines that an option asks for instead of the whole; undefined without one. */
function namesAsked(project: CanonicalProject, options: ConfigOptions): readonly string[] | undefined {
  const services = Object.entries(project.services);
  if (options.services === true) return services.map(([name]) => name);
  if (options.images === true) return unique(services.map(([, service]) => service["image"]));
  if (options.volumes === true) return Object.keys(project["volumes"] ?? {});
  if (options.profiles === true)
    return unique(services.flatMap(([, service]) => (service["profiles"] as readonly string[]) ?? []));
  const { hash } = options;
  if (hash === undefined) return undefined;
  const chosen = services.filter(([name]) => hash === "*" || hash.split(",").includes(name));
  if (chosen.length === 0)
    throw new GantryError("request.invalid", `${project.name} has no service called ${hash}`, {
      next: `it has: ${services.map(([name]) => name).join(", ")}`,
    });
  return chosen.map(([name, service]) => `${name} ${hashOf(service)}`);
}

function unique(values: readonly unknown[]): readonly string[] {
  return [...new Set(values.filter((value) => typeof value === "string"))].sort();
}

function hashOf(service: unknown): string {
  return createHash("sha256").update(JSON.stringify(service)).digest("hex");
}

function print(context: Context, format: ConfigOptions["output"], value: unknown): void {
  const text = format === "json" ? `${JSON.stringify(value, null, 2)}\n` : stringify(value, { lineWidth: 0 });
  context.stdout.write(text);
}
