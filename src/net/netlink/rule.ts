import { POOL } from "../allocate.ts";
import { octetsOf, overlaps } from "../ipv4.ts";
import type { Subnet } from "../ipv4.ts";
import { integer, NLM_F_CREATE, NLM_F_EXCL, RequestWriter, structure } from "./request.ts";
import { RTPROT_GANTRY } from "./route.ts";

// linux/rtnetlink.h, linux/fib_rules.h
const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;
const FRA_DST = 1;
const FRA_SRC = 2;
const FRA_PRIORITY = 6;
const FRA_PROTOCOL = 21;
const FR_ACT_TO_TBL = 1;
const FR_ACT_UNREACHABLE = 7;
const RT_TABLE_UNSPEC = 0;
const RT_TABLE_MAIN = 254;
const AF_INET = 2;

/** After the local table (0), before the main one (32766). */
const PRIORITY_WITHIN = 20800;
const PRIORITY_ELSEWHERE = 20801;

/**
 * Isolation by routing (ip-rule(8)): what comes from a network may go there, and to no other network of the pool, nor to
 * those `beside` it, outside of the pool. The host's own addresses, and the host itself as a sender, are not touched by
 * this. Acknowledged with EEXIST where the rules are in place.
 */
export function addNetworkRules(subnet: Subnet, beside: readonly Subnet[] = []): Uint8Array {
  return rules(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, subnet, beside);
}

/** Acknowledged with ENOENT where they are gone. */
export function deleteNetworkRules(subnet: Subnet, beside: readonly Subnet[] = []): Uint8Array {
  return rules(RTM_DELRULE, 0, subnet, beside);
}

function rules(type: number, flags: number, subnet: Subnet, beside: readonly Subnet[]): Uint8Array {
  const writer = new RequestWriter();
  const rule = (from: Subnet, to: Subnet, table: number, action: number, priority: number) => {
    // struct fib_rule_hdr: family, destination and source length, tos, table, two reserved, action, flags
    const header = structure(
      Uint8Array.of(AF_INET, to.prefix, from.prefix, 0, table, 0, 0, action),
      integer(0, 4),
    );
    writer.request(type, flags, header, () => {
      writer.attribute(FRA_DST, octetsOf(to.base));
      writer.attribute(FRA_SRC, octetsOf(from.base));
      writer.attribute(FRA_PRIORITY, integer(priority, 4));
      writer.attribute(FRA_PROTOCOL, integer(RTPROT_GANTRY, 1));
    });
  };
  const forbid = (from: Subnet, to: Subnet) =>
    rule(from, to, RT_TABLE_UNSPEC, FR_ACT_UNREACHABLE, PRIORITY_ELSEWHERE);
  rule(subnet, subnet, RT_TABLE_MAIN, FR_ACT_TO_TBL, PRIORITY_WITHIN);
  forbid(subnet, POOL);
  if (!overlaps(subnet, POOL)) forbid(POOL, subnet);
  for (const other of beside) {
    forbid(subnet, other);
    // Of those in the pool it is told once, with the other's own rules.
    if (!overlaps(subnet, POOL)) forbid(other, subnet);
  }
  return writer.bytes();
}
