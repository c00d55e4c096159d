import type { ContainerMount } from "../../runtime/container.ts";

/** The `Mounts` of a container as Docker writes them. Tmpfs mounts are not among them: see HostConfig.Tmpfs. */
export function mountPoints(mounts: readonly ContainerMount[]): object[] {
  return mounts.flatMap((mount) => {
    if (mount.type === "tmpfs") return [];
    const access = { Mode: mount.readOnly ? "ro" : "", RW: !mount.readOnly };
    if (mount.type === "bind") {
      const where = { Source: mount.source, Destination: mount.target };
      return [{ Type: "bind", ...where, ...access, Propagation: "rprivate" }];
    }
    const where = { Name: mount.source ?? "", Source: "", Destination: mount.target };
    return [{ Type: "volume", ...where, Driver: "local", ...access, Propagation: "" }];
  });
}

/** HostConfig.Binds: `source:target[:ro]`. */
export function binds(mounts: readonly ContainerMount[]): string[] {
  return mounts.flatMap((mount) => {
    if (mount.type === "tmpfs" || mount.source === undefined) return [];
    return [`${mount.source}:${mount.target}${mount.readOnly ? ":ro" : ""}`];
  });
}

/** HostConfig.Tmpfs: options by target. */
export function tmpfs(mounts: readonly ContainerMount[]): Record<string, string> {
  return Object.fromEntries(
    mounts.flatMap((mount) => {
      if (mount.type !== "tmpfs") return [];
      const size = mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`];
      const mode = mount.mode === undefined ? [] : [`mode=${mount.mode.toString(8)}`];
      const flags = [
        ...(mount.uid === undefined ? [] : [`uid=${mount.uid}`]),
        ...(mount.gid === undefined ? [] : [`gid=${mount.gid}`]),
        ...(mount.inodes === undefined ? [] : [`nr_inodes=${mount.inodes}`]),
        ...(["exec", "suid"] as const).filter((name) => mount[name] === true),
        ...(mount.readOnly === true ? ["ro"] : []),
      ];
      return [[mount.target, [...size, ...mode, ...flags].join(",")]];
    }),
  );
}
