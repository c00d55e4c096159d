import type { Path } from "./path.ts";
import type { Report } from "./report.ts";

/**
 * The keys of the Compose Specification that the schema knows and gantry does not act on yet. Building one means
 * removing it here. `*` stands for any key, `[]` for any list entry.
 */
export const UNBUILT: readonly string[] = [
  "configs.*.template_driver",
  "models",
  "networks",
  "secrets.*.driver",
  "secrets.*.driver_opts",
  "secrets.*.template_driver",
  "volumes.*.driver",
  "volumes.*.driver_opts",
  "services.*.annotations",
  "services.*.attach",
  "services.*.build",
  "services.*.cgroup_parent",
  "services.*.container_name",
  "services.*.cpu_count",
  "services.*.cpu_percent",
  "services.*.cpu_period",
  "services.*.cpu_quota",
  "services.*.cpu_rt_period",
  "services.*.cpu_rt_runtime",
  "services.*.credential_spec",
  "services.*.depends_on",
  "services.*.develop",
  "services.*.expose",
  "services.*.external_links",
  "services.*.gpus",
  "services.*.healthcheck",
  "services.*.isolation",
  "services.*.links",
  "services.*.logging",
  "services.*.mac_address",
  "services.*.mem_swappiness",
  "services.*.models",
  "services.*.networks",
  "services.*.oom_kill_disable",
  "services.*.platform",
  "services.*.post_start",
  "services.*.pre_stop",
  "services.*.provider",
  "services.*.pull_policy",
  "services.*.pull_refresh_after",
  "services.*.runtime",
  "services.*.stdin_open",
  "services.*.storage_opt",
  "services.*.tty",
  "services.*.use_api_socket",
  "services.*.volumes_from",
  "services.*.blkio_config.device_read_bps",
  "services.*.blkio_config.device_read_iops",
  "services.*.blkio_config.device_write_bps",
  "services.*.blkio_config.device_write_iops",
  "services.*.blkio_config.weight_device",
  "services.*.deploy.endpoint_mode",
  "services.*.deploy.labels",
  "services.*.deploy.mode",
  "services.*.deploy.placement",
  "services.*.deploy.resources.reservations",
  "services.*.deploy.restart_policy",
  "services.*.deploy.rollback_config",
  "services.*.deploy.update_config",
  "services.*.volumes.[].bind.propagation",
  "services.*.volumes.[].bind.recursive",
  "services.*.volumes.[].bind.selinux",
  "services.*.volumes.[].consistency",
  "services.*.volumes.[].image",
  "services.*.volumes.[].volume.labels",
  "services.*.volumes.[].volume.nocopy",
  "services.*.volumes.[].volume.subpath",
];

/** Says of every key in the file that is not built yet that it has no effect: a warning, or an error when strict. */
export function reportUnbuilt(value: unknown, report: Report, strict: boolean): void {
  for (const entry of UNBUILT) {
    for (const path of matches(value, entry.split("."), [])) {
      if (strict) report.error(path, "not built yet", "key");
      else report.warning(path, "not built yet, ignored");
    }
  }
}

function* matches(value: unknown, pattern: readonly string[], path: Path): Generator<Path> {
  const [part, ...rest] = pattern;
  if (part === undefined) yield path;
  else if (part === "[]") {
    if (!Array.isArray(value)) return;
    for (const [index, entry] of value.entries()) yield* matches(entry, rest, [...path, index]);
  } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const key of part === "*" ? Object.keys(value) : [part]) {
      if (Object.hasOwn(value, key))
        yield* matches((value as Record<string, unknown>)[key], rest, [...path, key]);
    }
  }
}
