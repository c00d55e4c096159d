import { capabilityNames } from "../../runtime/capability.ts";
import { HOOK_KINDS } from "../bundle.ts";
import { KNOWN_OPTIONS } from "../mount-options.ts";
import { NAMESPACE_FLAGS } from "../namespaces.ts";

/** `features`: runtime-spec features.md. */
export async function features(): Promise<number> {
  const text = JSON.stringify(
    {
      ociVersionMin: "1.0.0",
      ociVersionMax: "1.0.2",
      hooks: HOOK_KINDS,
      mountOptions: KNOWN_OPTIONS,
      linux: {
        namespaces: Object.keys(NAMESPACE_FLAGS).sort(),
        capabilities: [...capabilityNames((1n << 64n) - 1n)],
        cgroup: { v1: true, v2: true, systemd: false, systemdUser: false },
        seccomp: {
          enabled: true,
          actions: [
            "ALLOW",
            "ERRNO",
            "KILL",
            "KILL_PROCESS",
            "KILL_THREAD",
            "LOG",
            "NOTIFY",
            "TRACE",
            "TRAP",
          ].map((name) => `SCMP_ACT_${name}`),
          operators: ["EQ", "GE", "GT", "LE", "LT", "MASKED_EQ", "NE"].map((name) => `SCMP_CMP_${name}`),
          archs: ["AARCH64", "ARM", "X32", "X86", "X86_64"].map((name) => `SCMP_ARCH_${name}`),
        },
        apparmor: { enabled: false },
        selinux: { enabled: false },
      },
    },
    undefined,
    4,
  );
  process.stdout.write(`${text}\n`);
  return 0;
}
