import { joinPatterns, matches } from "./pattern.ts";
import type { Report } from "./report.ts";

/**
 * The keys of the Compose Specification that the schema knows and gantry does not act on yet. Building one means
 * removing it here. `*` stands for any key, `[]` for any list entry.
 */
export const UNBUILT: readonly string[] = [
  "configs.*.template_driver",
  "networks.*.enable_ipv4",
  "networks.*.enable_ipv6",
  "networks.*.ipam.driver",
  "networks.*.ipam.options",
  "networks.*.ipam.config.[].aux_addresses",
  "networks.*.ipam.config.[].ip_range",
  "secrets.*.driver",
  "secrets.*.driver_opts",
  "secrets.*.template_driver",
  "services.*.build.entitlements",
  "services.*.build.no_cache_filter",
  "services.*.build.privileged",
  "services.*.develop",
  "services.*.networks.*.driver_opts",
  "services.*.networks.*.gw_priority",
  "services.*.networks.*.interface_name",
  "services.*.networks.*.ipv6_address",
  "services.*.networks.*.link_local_ips",
  "services.*.post_start.[].privileged",
  "services.*.pre_stop.[].privileged",
  "services.*.pull_refresh_after",
  "services.*.blkio_config.device_read_bps",
  "services.*.blkio_config.device_read_iops",
  "services.*.blkio_config.device_write_bps",
  "services.*.blkio_config.device_write_iops",
  "services.*.blkio_config.weight_device",
  "services.*.deploy.mode",
  "services.*.volumes.[].bind.propagation",
  "services.*.volumes.[].bind.recursive",
];

/** Where gantry's own key is to stand one day. Whoever writes it down must not believe that it is heeded. */
const OWN_KEY = ["x-gantry"];
const PATTERNS = joinPatterns([...UNBUILT, ...OWN_KEY]);

/** Says of every key in the file that is not built yet that it has no effect: a warning, or an error when strict. */
export function reportUnbuilt(value: unknown, report: Report, strict: boolean): void {
  for (const { path } of matches(value, PATTERNS)) {
    if (strict) report.error(path, "not built yet", "key");
    else report.warning(path, "not built yet, ignored");
  }
}
