/** mount_setattr(2), MOUNT_ATTR_*. */
const READ_ONLY = 0x1;
const NO_SUID = 0x2;
const NO_DEV = 0x4;
const NO_EXEC = 0x8;
const ATIME_MASK = 0x70;
const NO_ATIME = 0x10;
const STRICT_ATIME = 0x20;
const NO_DIRATIME = 0x80;
const NO_SYMFOLLOW = 0x200000;
export const MOUNT_ATTR = { readOnly: READ_ONLY, noSuid: NO_SUID, noDev: NO_DEV, noExec: NO_EXEC } as const;

/** mount(2): what is told of mounts and unmounts elsewhere; with r the same for all mounts below. */
export const PROPAGATION: Readonly<Record<string, number>> = {
  unbindable: 1 << 17,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
  runbindable: 1 << 17,
  rprivate: 1 << 18,
  rslave: 1 << 19,
  rshared: 1 << 20,
};

interface Change {
  readonly set: number;
  readonly clear: number;
}
const on = (bit: number): Change => ({ set: bit, clear: 0 });
const off = (bit: number): Change => ({ set: 0, clear: bit });
/** Of the three ways to keep access times one is in force: the kernel wants the others cleared. */
const atime = (value: number): Change => ({ set: value, clear: ATIME_MASK });

const ATTRIBUTES: Readonly<Record<string, Change>> = {
  ro: on(READ_ONLY),
  rw: off(READ_ONLY),
  nosuid: on(NO_SUID),
  suid: off(NO_SUID),
  nodev: on(NO_DEV),
  dev: off(NO_DEV),
  noexec: on(NO_EXEC),
  exec: off(NO_EXEC),
  nodiratime: on(NO_DIRATIME),
  diratime: off(NO_DIRATIME),
  noatime: atime(NO_ATIME),
  atime: atime(0),
  relatime: atime(0),
  norelatime: atime(0),
  strictatime: atime(STRICT_ATIME),
  nostrictatime: atime(0),
  nosymfollow: on(NO_SYMFOLLOW),
  symfollow: off(NO_SYMFOLLOW),
};
const NOTHING = new Set(["defaults", "nofail"]);

/** A mount's options, taken apart. */
export interface MountOptions {
  readonly bind: boolean;
  readonly recursive: boolean;
  readonly remount: boolean;
  readonly attributes: Change;
  /** Of the mount and all below it (`rro`). */
  readonly recursiveAttributes: Change;
  readonly propagation: readonly { readonly type: number; readonly recursive: boolean }[];
  /** What the file system is to make of it. */
  readonly data: readonly string[];
}

/** Options as config.md and mount(8) have them; unknown ones are the file system's, which refuses what it does not know. */
export function parseMountOptions(options: readonly string[]): MountOptions {
  let attributes = off(0);
  let recursiveAttributes = off(0);
  const propagation: MountOptions["propagation"][number][] = [];
  const data: string[] = [];
  const flags = new Set<string>();
  for (const option of options) {
    const plain = ATTRIBUTES[option];
    const recursive = option.startsWith("r") ? ATTRIBUTES[option.slice(1)] : undefined;
    if (option === "bind" || option === "rbind" || option === "remount") flags.add(option);
    else if (plain !== undefined) attributes = merge(attributes, plain);
    else if (recursive !== undefined) recursiveAttributes = merge(recursiveAttributes, recursive);
    else if (option in PROPAGATION)
      propagation.push({ type: PROPAGATION[option] ?? 0, recursive: option.startsWith("r") });
    else if (!NOTHING.has(option)) data.push(option);
  }
  return {
    bind: flags.has("bind") || flags.has("rbind"),
    recursive: flags.has("rbind"),
    remount: flags.has("remount"),
    attributes,
    recursiveAttributes,
    propagation,
    data,
  };
}

/** The later one counts where both speak of a bit. */
function merge(before: Change, after: Change): Change {
  return {
    set: (before.set & ~after.clear) | after.set,
    clear: (before.clear & ~(after.set & ~ATIME_MASK)) | after.clear,
  };
}

/** Every option that is read here; others go to the file system. */
export const KNOWN_OPTIONS: readonly string[] = [
  "bind",
  "rbind",
  "remount",
  ...NOTHING,
  ...Object.keys(ATTRIBUTES),
  ...Object.keys(ATTRIBUTES).map((name) => `r${name}`),
  ...Object.keys(PROPAGATION),
].sort();
