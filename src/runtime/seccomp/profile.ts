import type { AbiName, MachineArchitecture } from "./abi.ts";
import type { SeccompAction } from "./action.ts";

/** Which system calls a container may make. Plain data: nothing here depends on a machine or a container yet. */
export interface SeccompProfile {
  /** For every system call that no rule speaks of. */
  readonly defaultAction: SeccompAction;
  /** ABIs let in beside the machine's own. A program that calls in any other way is killed. */
  readonly compatible: Readonly<Record<MachineArchitecture, readonly AbiName[]>>;
  /**
   * For one system call: a rule without conditions outranks those with; otherwise the first that matches counts.
   * Rules that repeat the default action say nothing. docs/seccomp.md
   */
  readonly rules: readonly SeccompRule[];
  /** What was read and does nothing, in words for the user. */
  readonly warnings: readonly string[];
}

export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: SeccompAction;
  /** All of them must hold. */
  readonly conditions: readonly ArgumentCondition[];
  /** The rule applies only where all of this is so: all capabilities, one of the architectures, the kernel. */
  readonly includes?: RuleScope;
  /** The rule does not apply where any of this is so: one of the capabilities or architectures, the kernel. */
  readonly excludes?: RuleScope;
}

export interface RuleScope {
  /** `CAP_SYS_ADMIN` ... of the container's bounding set. */
  readonly capabilities?: readonly string[];
  /** Of the machine, in Go's words with libseccomp's spelling: `amd64`, `arm64`. */
  readonly architectures?: readonly string[];
  readonly minKernel?: KernelVersion;
}

/** The first two numbers of a kernel's version. */
export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
}

export type Comparison = "EQ" | "NE" | "LT" | "LE" | "GT" | "GE";

/** `(argument & mask) <comparison> value`, all unsigned and 64 bits wide. */
export interface ArgumentCondition {
  /** 0 to 5. */
  readonly argument: number;
  readonly comparison: Comparison;
  readonly value: bigint;
  readonly mask: bigint;
}

/** A mask that leaves the argument as it is. */
export const WHOLE_ARGUMENT = 0xffff_ffff_ffff_ffffn;
