import type { ObservedContainer } from "../../observe/snapshot.ts";
import type { ContainerConfig } from "../../runtime/container.ts";
import { binds, tmpfs } from "./container-mounts.ts";
import { networkMode } from "./container-summary.ts";

/** HostConfig of `GET /containers/{id}/json` (Engine API). `ports`: the bindings by `80/tcp`. */
export function hostConfig(
  container: ObservedContainer,
  ports: Readonly<Record<string, readonly object[]>>,
): object {
  const { config, idBase, autoRemove } = container;
  return {
    Binds: binds(config.mounts),
    NetworkMode: networkMode(container),
    PortBindings: ports,
    RestartPolicy: { Name: config.restart.name, MaximumRetryCount: config.restart.maxRetries ?? 0 },
    AutoRemove: autoRemove === true,
    ReadonlyRootfs: config.readOnly ?? false,
    Tmpfs: tmpfs(config.mounts),
    Init: config.init,
    LogConfig: logOf(config),
    ...(config.annotations === undefined ? {} : { Annotations: config.annotations }),
    ...securityOf(config),
    ...modesOf(config),
    // As it is, not as it was asked for: where user namespaces do not work, every container has the host's.
    UsernsMode: idBase === undefined ? "host" : "",
    ...resourcesOf(config),
  };
}

function logOf({ log }: ContainerConfig): object {
  if (log?.driver === "none") return { Type: "none", Config: {} };
  const { maxBytes, maxFiles } = log ?? {};
  return {
    Type: "cri",
    Config: {
      ...(maxBytes === undefined ? {} : { "max-size": String(maxBytes) }),
      ...(maxFiles === undefined ? {} : { "max-file": String(maxFiles) }),
    },
  };
}

function securityOf({ security = {}, groups, oomScoreAdjustment, sysctls }: ContainerConfig): object {
  const { seccomp } = security;
  const options = [
    ...(security.noNewPrivileges === true ? ["no-new-privileges"] : []),
    ...(seccomp === undefined ? [] : [`seccomp=${seccomp}`]),
  ];
  return {
    Privileged: security.privileged ?? false,
    CapAdd: security.capAdd ?? null,
    CapDrop: security.capDrop ?? null,
    SecurityOpt: options.length === 0 ? null : options,
    GroupAdd: groups ?? null,
    OomScoreAdj: oomScoreAdjustment ?? 0,
    ...(sysctls === undefined ? {} : { Sysctls: sysctls }),
  };
}

function modesOf({ namespaces = {}, resolver = {}, extraHosts }: ContainerConfig): object {
  return {
    PidMode: namespaces.pid ?? "",
    IpcMode: namespaces.ipc ?? "private",
    UTSMode: namespaces.uts ?? "",
    CgroupnsMode: namespaces.cgroup ?? "private",
    Dns: resolver.servers ?? [],
    DnsSearch: resolver.search ?? [],
    DnsOptions: resolver.options ?? [],
    ExtraHosts: extraHosts?.map(({ name, address }) => `${name}:${address}`) ?? null,
  };
}

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

function resourcesOf({ limits, shmBytes, devices = [], deviceRules, ulimits = {} }: ContainerConfig): object {
  return {
    Memory: limits.memoryBytes ?? 0,
    MemorySwap: limits.memorySwapBytes ?? 0,
    MemoryReservation: limits.memoryReservationBytes ?? 0,
    NanoCpus: limits.nanocpus ?? 0,
    CpuShares: limits.cpuShares ?? 0,
    CpusetCpus: limits.cpuset ?? "",
    BlkioWeight: limits.blkioWeight ?? 0,
    PidsLimit: limits.pids ?? null,
    ShmSize: shmBytes ?? DEFAULT_SHM_BYTES,
    Devices: devices.map(({ source, target, permissions }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules:
      deviceRules?.map(
        ({ type, major, minor, permissions }) => `${type} ${star(major)}:${star(minor)} ${permissions}`,
      ) ?? null,
    Ulimits: Object.entries(ulimits).map(([name, { soft, hard }]) => ({
      Name: name,
      Soft: soft,
      Hard: hard,
    })),
  };
}

function star(number: number): string {
  return number === -1 ? "*" : String(number);
}
