import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { pairs } from "../pairs.ts";

export interface NetworkCreateOptions {
  readonly internal?: boolean;
  readonly subnet?: string;
  readonly gateway?: string;
  /** `name` or `name=value`. */
  readonly label?: readonly string[];
  /** `name=value`. */
  readonly opt?: readonly string[];
}

/** `gantry network create NETWORK`: prints its id. */
export async function networkCreate(
  context: Context,
  name: string,
  options: NetworkCreateOptions,
): Promise<number> {
  const client = await connect(context);
  const { subnet, gateway } = options;
  const config = {
    ...(subnet === undefined ? {} : { Subnet: subnet }),
    ...(gateway === undefined ? {} : { Gateway: gateway }),
  };
  const { Id } = await client.json<{ readonly Id: string }>("POST", "/networks/create", {
    body: {
      Name: name,
      Internal: options.internal === true,
      Labels: pairs(options.label),
      Options: pairs(options.opt),
      IPAM: { Config: [config] },
    },
  });
  context.stdout.write(`${Id}\n`);
  return 0;
}
