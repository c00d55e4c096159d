import { messageOf } from "../../error.ts";
import { Coalesce } from "../../host/coalesce.ts";
import { Serial } from "../../host/serial.ts";
import { Forwarding } from "./forwarding.ts";
import { TableMonitor } from "./monitor.ts";
import { nft, NftMissing } from "./nft.ts";
import { type FirewallNetwork, removal, ruleset } from "./ruleset.ts";

export interface FirewallOptions {
  /** Of the instance, `gantry-0123456789ab`: its table is called so. */
  readonly instance: string;
  readonly run: string;
  /** The networks there are now. */
  readonly networks: () => readonly FirewallNetwork[];
  /** False: gantry leaves firewall and forwarding alone (GANTRY_FIREWALL=none). */
  readonly enabled: boolean;
  /** What a user should know: containers do not reach the outside, and why. Said once for each reason. */
  readonly onProblem: (message: string) => void;
}

/** Losses come by the dozen: all of a flush is looked at once. */
const REST_MS = 20;

/** How it stands with the way out. */
export type FirewallState = "none yet" | "ours" | "off" | { readonly problem: string };

/**
 * The way out of networks, and the isolation between them, in an nftables table of this instance's own. Written as a
 * whole when a network comes or goes, never for a container; nothing of anybody else's is read or changed.
 */
export class Firewall {
  readonly #options: FirewallOptions;
  readonly #table: string;
  readonly #forwarding: Forwarding;
  readonly #monitor: TableMonitor;
  readonly #serial = new Serial();
  readonly #sync = new Coalesce(() => this.#serial.run("table", () => this.#write()));
  readonly #verify = new Coalesce(() => this.#serial.run("table", () => this.#compare()), REST_MS);
  /** What was written last, and how the kernel says it back. */
  #written: { readonly text: string; readonly listing: string } | undefined;
  #state: FirewallState = "none yet";
  #closed = false;

  constructor(options: FirewallOptions) {
    this.#options = options;
    this.#table = options.instance.replaceAll(/[^A-Za-z0-9]/g, "_");
    this.#forwarding = new Forwarding(options.run);
    this.#monitor = new TableMonitor(this.#table, () => void this.verify());
    if (!options.enabled) this.#state = "off";
  }

  get state(): FirewallState {
    return this.#state;
  }

  /** Brings table and forwarding in line with the networks. Problems are told, not thrown: containers run without. */
  async sync(): Promise<void> {
    if (this.#options.enabled && !this.#closed) await this.#sync.request("table");
  }

  /** Writes the table again where it is not as it was left. */
  async verify(): Promise<void> {
    if (this.#written !== undefined && !this.#closed) await this.#verify.request("table");
  }

  /** Looks for uplinks that came, and for somebody who switched forwarding. Cheap: nothing is started unless so. */
  async verifyForwarding(): Promise<void> {
    if (this.#written !== undefined) await this.sync();
  }

  /** Lets go; the table stays for the containers that run on. */
  close(): void {
    this.#closed = true;
    this.#monitor.close();
  }

  async #compare(): Promise<void> {
    const listing = await this.#listing().catch(() => "");
    if (this.#written === undefined || listing === this.#written.listing) return;
    this.#written = undefined;
    await this.#write();
  }

  async #write(): Promise<void> {
    const networks = this.#options.networks();
    try {
      if (networks.length === 0) {
        if (this.#state === "none yet" && !(await this.#exists())) return;
        await nft(["-f", "-"], removal(this.#table));
        await this.#forwarding.restore();
        this.#written = undefined;
        this.#state = "none yet";
        return;
      }
      if (this.#written === undefined) await nft(["--version"]); // no forwarding where there will be no table
      const guarded = await this.#forwarding.enable();
      const text = ruleset({ table: this.#table, networks, guarded });
      if (this.#written?.text === text) return;
      this.#monitor.watch();
      await nft(["-f", "-"], text);
      this.#written = { text, listing: await this.#listing() };
      this.#state = "ours";
    } catch (error) {
      this.#complain(
        error instanceof NftMissing ? "nft is missing (apt-get install nftables)" : messageOf(error),
      );
    }
  }

  async #listing(): Promise<string> {
    return await nft(["-s", "list", "table", "inet", this.#table]);
  }

  async #exists(): Promise<boolean> {
    return await this.#listing().then(
      () => true,
      () => false,
    );
  }

  #complain(problem: string): void {
    const said = typeof this.#state === "object" && this.#state.problem === problem;
    this.#state = { problem };
    if (!said) this.#options.onProblem(`containers do not reach the outside: ${problem}`);
  }
}
