/** A network as the firewall sees it. */
export interface FirewallNetwork {
  /** `10.208.16.0/20`, and the IPv6 one where it has one. */
  readonly subnets: readonly string[];
  /** Nothing leaves it, and nothing comes in. */
  readonly internal: boolean;
}

export interface Ruleset {
  /** The table's name: one per instance. */
  readonly table: string;
  readonly networks: readonly FirewallNetwork[];
  /** Interfaces that forward only because of our containers: nothing of others is passed on from there. */
  readonly guarded: readonly string[];
}

const FAMILIES = [
  { name: "ip", type: "ipv4_addr", suffix: "4", has: (subnet: string) => !subnet.includes(":") },
  { name: "ip6", type: "ipv6_addr", suffix: "6", has: (subnet: string) => subnet.includes(":") },
] as const;

/**
 * The whole table, for `nft -f -` (nft(8)): one transaction that leaves either what was there before or all of this. All
 * sets and no rule per network or container, so a thousand networks cost a packet no more than one does. Nothing here
 * touches what other tables decide: `accept` ends our own chain only, and theirs may still drop.
 */
export function ruleset({ table, networks, guarded }: Ruleset): string {
  const sets = FAMILIES.flatMap(({ type, suffix, has }) => {
    const subnets = (wanted: (network: FirewallNetwork) => boolean): readonly string[] =>
      networks.filter(wanted).flatMap((network) => network.subnets.filter(has));
    const all = subnets(() => true);
    return [
      set(`ours${suffix}`, type, all),
      set(
        `outgoing${suffix}`,
        type,
        subnets(({ internal }) => !internal),
      ),
      set(
        `pairs${suffix}`,
        `${type} . ${type}`,
        all.map((subnet) => `${subnet} . ${subnet}`),
      ),
    ];
  });
  const forward = FAMILIES.flatMap(({ name, suffix }) => [
    `${name} saddr . ${name} daddr @pairs${suffix} accept comment "within a network"`,
  ]);
  const cross = FAMILIES.flatMap(({ name, suffix }) => [
    `${name} daddr @ours${suffix} drop comment "from other networks and other hosts"`,
    `${name} saddr @outgoing${suffix} ct state invalid drop comment "would leave without being translated"`,
    `${name} saddr @outgoing${suffix} accept`,
    `${name} saddr @ours${suffix} drop comment "an internal network has no way out"`,
  ]);
  const translate = FAMILIES.map(
    ({ name, suffix }) => `${name} saddr @outgoing${suffix} ${name} daddr != @ours${suffix} masquerade`,
  );
  const chains = [
    chain("forward", "type filter hook forward priority filter; policy accept;", [
      ...forward,
      "ct state established,related accept",
      ...cross,
      `iifname @guarded drop comment "forwards for containers alone"`,
    ]),
    chain("postrouting", "type nat hook postrouting priority srcnat; policy accept;", translate),
  ];
  const interfaces = guarded.map((name) => `"${name}"`);
  const body = [...sets, set("guarded", "ifname", interfaces, false), ...chains].join("\n");
  return `${removal(table)}table inet ${table} {\n${body}\n}\n`;
}

/** Takes the table away, whether it is there or not. */
export function removal(table: string): string {
  return `add table inet ${table}\ndelete table inet ${table}\n`;
}

function set(name: string, type: string, elements: readonly string[], interval = true): string {
  const flags = interval ? "\n\t\tflags interval" : "";
  const list = elements.length === 0 ? "" : `\n\t\telements = { ${elements.toSorted().join(", ")} }`;
  return `\tset ${name} {\n\t\ttype ${type}${flags}${list}\n\t}`;
}

function chain(name: string, head: string, rules: readonly string[]): string {
  return `\tchain ${name} {\n${[head, ...rules].map((line) => `\t\t${line}`).join("\n")}\n\t}`;
}
