import type { RunFlags } from "./flags.ts";

/** A Compose file with one service, and what of the command line has no place in it. */
export interface ServiceFile {
  readonly file: Readonly<Record<string, unknown>>;
  /** Sentences. */
  readonly notes: readonly string[];
}

/** Flags that say how the caller deals with the container, and nothing about it. */
const OF_THE_CALLER: Readonly<Partial<Record<keyof RunFlags, string>>> = {
  detach: "-d: `gantry apply` never stays attached.",
  rm: "--rm: a service is removed by `gantry down`.",
  attach: "-a: use `gantry attach`.",
  cidfile: "--cidfile: use `gantry ps -q`.",
  detachKeys: "--detach-keys: give them to `gantry attach`.",
  quiet: "-q: there is nothing to be quiet about.",
  publishAll: "-P: list the ports under `ports`.",
};

/**
 * What a `docker run` command line says, as a Compose file: the same container, declared. Values are as they were written;
 * the file's reader checks them.
 */
export function serviceOf(image: string, command: readonly string[], flags: RunFlags): ServiceFile {
  const [network, ...others] = [...(flags.network ?? []), ...(flags.net ?? [])];
  const mode = network !== undefined && /^(?:host|none|container:.*)$/.test(network) ? network : undefined;
  const own = network === undefined || mode !== undefined || isDefault(network) ? [] : [network, ...others];
  const volumes = (flags.volume ?? [])
    .map((text) => text.split(":")[0] ?? "")
    .filter((name) => /^\w/.test(name));
  const name = flags.name ?? /([\w.-]+?)(?::[^/]*)?(?:@.*)?$/.exec(image)?.[1] ?? "service";
  const service = defined({
    image,
    container_name: flags.name,
    platform: flags.platform,
    pull_policy: flags.pull === "missing" ? undefined : flags.pull,
    command: list(command),
    entrypoint: flags.entrypoint === undefined ? undefined : [flags.entrypoint],
    environment: list(flags.env),
    env_file: list(flags.envFile),
    labels: list(flags.label),
    label_file: list(flags.labelFile),
    annotations: list(flags.annotation),
    working_dir: flags.workdir,
    user: flags.user,
    hostname: flags.hostname,
    domainname: flags.domainname,
    tty: flags.tty,
    stdin_open: flags.interactive,
    init: flags.init,
    ports: list(flags.publish),
    expose: list(flags.expose),
    volumes: list([...(flags.volume ?? []), ...(flags.mount ?? []).map(mountMap)]),
    tmpfs: list(flags.tmpfs),
    volumes_from: list((flags.volumesFrom ?? []).map((container) => `container:${container}`)),
    network_mode: mode,
    networks:
      own.length === 0
        ? undefined
        : Object.fromEntries(
            own.map((one, index) => [
              one,
              index === 0
                ? (nonEmpty(
                    defined({
                      aliases: list(flags.networkAlias),
                      ipv4_address: flags.ip,
                      mac_address: flags.macAddress,
                    }),
                  ) ?? null)
                : null,
            ]),
          ),
    dns: list(flags.dns),
    dns_search: list(flags.dnsSearch),
    dns_opt: list(flags.dnsOption),
    extra_hosts: list(flags.addHost),
    external_links: list(flags.link),
    restart: flags.restart,
    stop_signal: flags.stopSignal,
    stop_grace_period: flags.stopTimeout === undefined ? undefined : `${flags.stopTimeout}s`,
    healthcheck: healthcheckOf(flags),
    cpus: flags.cpus,
    cpu_shares: flags.cpuShares,
    cpu_period: flags.cpuPeriod,
    cpu_quota: flags.cpuQuota,
    cpuset: flags.cpusetCpus,
    mem_limit: flags.memory,
    memswap_limit: flags.memorySwap,
    mem_reservation: flags.memoryReservation,
    pids_limit: flags.pidsLimit,
    blkio_config: flags.blkioWeight === undefined ? undefined : { weight: flags.blkioWeight },
    shm_size: flags.shmSize,
    oom_score_adj: flags.oomScoreAdj,
    privileged: flags.privileged,
    read_only: flags.readOnly,
    cap_add: list(flags.capAdd),
    cap_drop: list(flags.capDrop),
    security_opt: list(flags.securityOpt),
    group_add: list(flags.groupAdd),
    devices: list(flags.device),
    device_cgroup_rules: list(flags.deviceCgroupRule),
    ulimits: nonEmpty(Object.fromEntries((flags.ulimit ?? []).map(ulimit))),
    sysctls: list(flags.sysctl),
    pid: flags.pid,
    ipc: flags.ipc,
    uts: flags.uts,
    userns_mode: flags.userns,
    cgroup: flags.cgroupns,
    cgroup_parent: flags.cgroupParent,
    runtime: flags.runtime,
    logging:
      flags.logDriver === undefined && flags.logOpt === undefined
        ? undefined
        : defined({
            driver: flags.logDriver,
            options: nonEmpty(Object.fromEntries((flags.logOpt ?? []).map((text) => text.split("=", 2)))),
          }),
  });
  const notes = Object.entries(OF_THE_CALLER).flatMap(([flag, note]) =>
    flags[flag as keyof RunFlags] === undefined ? [] : [note],
  );
  if (flags.cpusetMems !== undefined) notes.push("--cpuset-mems: a service cannot choose memory nodes.");
  if (!flags.healthcheck) notes.push("--no-healthcheck: see `healthcheck: { disable: true }`.");
  return {
    file: defined({
      services: { [name]: service },
      volumes: nonEmpty(
        Object.fromEntries(volumes.map((volume) => [volume, { external: false, name: volume }])),
      ),
      networks: nonEmpty(Object.fromEntries(own.map((one) => [one, { external: true }]))),
    }),
    notes,
  };
}

function isDefault(network: string): boolean {
  return network === "default" || network === "bridge";
}

function healthcheckOf(flags: RunFlags): object | undefined {
  if (!flags.healthcheck) return { disable: true };
  return nonEmpty(
    defined({
      test: flags.healthCmd === undefined ? undefined : ["CMD-SHELL", flags.healthCmd],
      interval: flags.healthInterval,
      timeout: flags.healthTimeout,
      retries: flags.healthRetries,
      start_period: flags.healthStartPeriod,
      start_interval: flags.healthStartInterval,
    }),
  );
}

/** `--mount`'s words are the long form's keys, but for those of one kind of mount. */
function mountMap(text: string): object {
  const words = Object.fromEntries(
    text.split(",").map((field) => {
      const [key = "", value = "true"] = field.split("=", 2);
      return [{ src: "source", dst: "target", destination: "target", ro: "readonly" }[key] ?? key, value];
    }),
  ) as Readonly<Record<string, string | undefined>>;
  const { type = "volume", source, target, readonly } = words;
  return defined({
    type,
    source,
    target,
    read_only: readonly === undefined ? undefined : readonly === "true",
    volume: words["volume-nocopy"] === undefined ? undefined : { nocopy: true },
    tmpfs: nonEmpty(defined({ size: words["tmpfs-size"], mode: words["tmpfs-mode"] })),
  });
}

function ulimit(text: string): readonly [string, number | object] {
  const [name = "", value = ""] = text.split("=", 2);
  const [soft = "", hard] = value.split(":");
  return [name, hard === undefined ? Number(soft) : { soft: Number(soft), hard: Number(hard) }];
}

function list<T>(values: readonly T[] | undefined): readonly T[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values;
}

function nonEmpty(value: object): object | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}

function defined(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}
