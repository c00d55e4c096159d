/** What the machine's owner says about registries. */
export interface RegistrySettings {
  /** By domain, in the order they are asked before its registry: `mirror.example.org:5000`. */
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
  /** `host[:port]` that may be spoken to in plain HTTP, or with a certificate that nobody vouches for. */
  readonly insecure: readonly string[];
  /** Folders with a folder for each `host[:port]`: `*.crt` to trust, `*.cert` and `*.key` to show (docker's certs.d). */
  readonly certificateFolders: readonly string[];
  /** Layers that are fetched at once, over all pulls. */
  readonly parallelDownloads: number;
}

export const DEFAULT_SETTINGS: RegistrySettings = {
  mirrors: {},
  insecure: [],
  certificateFolders: ["/etc/gantry/certs.d", "/etc/docker/certs.d"],
  parallelDownloads: 4,
};
