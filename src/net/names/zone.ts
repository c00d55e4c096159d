/** What the responder is told of one network. Plain JSON: the daemon sends it, the responder keeps it. */
export interface Zone {
  /** The network's real name: `shop_default`. Containers are also found as `web.shop_default`. */
  readonly network: string;
  /** Where the network's containers ask: the host's addresses in it. */
  readonly addresses: readonly string[];
  /** Only who asks from one of these (`10.208.16.0/20`, `fd..::/64`) is answered. */
  readonly subnets: readonly string[];
  /** False for an internal network: what is not its own stays unknown there. */
  readonly forward: boolean;
}

/** A container that is ready, as one of its networks sees it. */
export interface NameEntry {
  /** The container's own name first: that is what its address is called (PTR). */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  /** What SRV records are made of. */
  readonly ports: readonly ServicePort[];
  /** Names under which this container alone finds others, and what those are called. */
  readonly links?: Readonly<Record<string, string>>;
  /** Its other networks, where names are looked for after this one. */
  readonly also?: readonly string[];
  /** Whom this container's questions about the rest of the world go to, instead of the host's resolvers. */
  readonly upstream?: readonly string[];
}

export interface ServicePort {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

/** A line from the daemon. */
export type ZoneCommand =
  | { readonly set: Zone }
  /** Entries by key (a container's id): those in `put` are added or replaced, those in `drop` are removed. */
  | {
      readonly network: string;
      readonly put: Readonly<Record<string, NameEntry>>;
      readonly drop: readonly string[];
      /** Forget every other entry: the first line of a daemon that has just connected. */
      readonly only?: true;
    }
  | { readonly remove: string }
  | { readonly end: true }
  | { readonly status: true };

/** The answer to each line. */
export interface ZoneAnswer {
  readonly version: number;
  readonly error?: string;
  /** To `status`: the networks that are served. */
  readonly networks?: readonly string[];
}

/** Of the lines between daemon and responder: one that speaks another is replaced. */
export const NAMES_VERSION = 1;
