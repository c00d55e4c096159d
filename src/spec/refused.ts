import { joinPatterns, matches } from "./pattern.ts";
import type { Report } from "./report.ts";

/**
 * Keys of the Compose Specification that mean something gantry does not do, and why: running without it would be
 * something else than what was asked for. Patterns as in pattern.ts.
 */
export const REFUSED: Readonly<Record<string, string>> = {
  models: "gantry runs containers, not language models; run the model as a service",
  "services.*.models": "gantry runs containers, not language models; run the model as a service",
  "services.*.provider": "a provider is a plug-in of docker compose; run what it provides as a service",
  "services.*.credential_spec": "managed service accounts are Windows'",
  "services.*.gpus":
    "gantry installs no GPU driver into containers; give it the devices: /dev/dri, /dev/nvidia0, ...",
  "services.*.deploy.resources.reservations.devices":
    "gantry installs no GPU driver into containers; give it the devices: /dev/dri, /dev/nvidia0, ...",
  "services.*.storage_opt":
    "a container's own layer has no size limit; mount a tmpfs with a size, or a volume",
  "services.*.use_api_socket":
    "who can talk to the daemon is root on this machine; if that is wanted, mount its socket as a volume",
  "services.*.cpu_rt_period":
    "no cgroup that gantry makes has real-time CPU time; give it the capability SYS_NICE",
  "services.*.cpu_rt_runtime":
    "no cgroup that gantry makes has real-time CPU time; give it the capability SYS_NICE",
  "services.*.volumes.[].volume.subpath": "a part of a volume cannot be mounted; mount the whole, or a bind",
  "services.*.volumes.[].image": "images cannot be mounted; copy from it when the image is built",
  "services.*.pre_start":
    "not built yet; use a service that this one depends on with service_completed_successfully",
};

/** Keys that change nothing here, and why that does no harm. */
export const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  version: "obsolete and ignored; remove it",
  "services.*.cpu_count": "Windows only, ignored",
  "services.*.cpu_percent": "Windows only, ignored",
  "services.*.cgroup_parent": "ignored: all groups lie below the instance's own",
  "services.*.mem_swappiness": "ignored: cgroup v2 has no such setting, and v1 only asks for it",
  "services.*.oom_kill_disable":
    "ignored: a container that is over its memory limit is killed, never left hanging",
  "services.*.external_links": "ignored: containers of other projects are reached over a shared network",
  "services.*.deploy.placement": "ignored: there is one machine to choose from",
  "services.*.deploy.endpoint_mode": "ignored: published ports always balance over the replicas",
  "services.*.deploy.resources.reservations.cpus": "ignored: CPU time is shared by weight, see cpu_shares",
  "services.*.deploy.resources.reservations.generic_resources":
    "ignored: nothing on this machine counts them",
  "services.*.build.cache_from": "ignored: this machine's own cache is used",
  "services.*.build.cache_to": "ignored: results of steps are kept on this machine",
  "services.*.build.isolation": "ignored: on Linux there is one way",
  "services.*.build.provenance": "ignored: gantry makes no attestations",
  "services.*.build.sbom": "ignored: gantry makes no attestations",
  "services.*.volumes.[].bind.selinux": "ignored: gantry sets no SELinux labels",
  "services.*.volumes.[].consistency": "ignored: on Linux a mount is always consistent",
  "services.*.volumes.[].volume.labels": "ignored: label the volume where it is declared",
};

/** Keys that ask for what gantry does anyway. */
export const AS_ALWAYS: Readonly<Record<string, string>> = {
  "services.*.attach": "`gantry apply` never stays attached; `gantry logs` shows everything",
  "services.*.deploy.labels": "labels of the service, which nothing but a swarm shows",
  "configs.*.labels": "nobody can list configs",
  "configs.*.name": "without a meaning outside of the file",
  "secrets.*.labels": "nobody can list secrets",
  "secrets.*.name": "without a meaning outside of the file",
};

const PATTERNS = joinPatterns([...Object.keys(REFUSED), ...Object.keys(WITHOUT_EFFECT)]);

/** Says of every key in the files that is refused or has no effect why. */
export function reportRefused(value: unknown, report: Report): void {
  for (const { pattern, path } of matches(value, PATTERNS)) {
    const refused = REFUSED[pattern];
    if (refused !== undefined) report.error(path, refused, "key");
    else report.warning(path, WITHOUT_EFFECT[pattern] ?? "has no effect");
  }
}
