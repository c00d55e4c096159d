import { GantryError } from "../../error.ts";
import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";

interface Binding {
  readonly HostIp: string;
  readonly HostPort: string;
}

/** `gantry port CONTAINER [PORT]`: `80/tcp -> 0.0.0.0:8080`, or the addresses alone where one port is asked for. */
export async function port(context: Context, container: string, wanted: string | undefined): Promise<number> {
  const client = await connect(context);
  const { NetworkSettings } = await client.json<{
    readonly NetworkSettings: { readonly Ports: Readonly<Record<string, readonly Binding[] | null>> };
  }>("GET", `/containers/${segment(container)}/json`);
  const { Ports } = NetworkSettings;
  if (wanted === undefined) {
    for (const [own, bindings] of Object.entries(Ports))
      for (const binding of bindings ?? []) context.stdout.write(`${own} -> ${text(binding)}\n`);
    return 0;
  }
  const key = wanted.includes("/") ? wanted : `${wanted}/tcp`;
  const bindings = Ports[key] ?? [];
  if (bindings.length === 0)
    throw new GantryError("request.invalid", `no public port '${key}' published for ${container}`, {
      next: `gantry port ${container}`,
    });
  context.stdout.write(bindings.map((binding) => `${text(binding)}\n`).join(""));
  return 0;
}

function text({ HostIp, HostPort }: Binding): string {
  return HostIp.includes(":") ? `[${HostIp}]:${HostPort}` : `${HostIp}:${HostPort}`;
}
