/**
 * The operations of a launch plan, as native/plan.h numbers them. The form of each says what its arguments are:
 * i = 64-bit integer, s = string without NUL, b = bytes. The decoder in native/plan.c holds the same table.
 */
export const OPERATIONS = {
  mkdir: [1, "isii"],
  write: [2, "isb"],
  create: [3, "isib"],
  open: [4, "iisi"],
  rmdir: [5, "is"],
  unlink: [6, "is"],
  netlink: [7, "ibi"],
  hostTree: [8, "isii"],
  writePid: [9, "is"],
  shim: [10, "iss"],
  journal: [11, "isii"],
  oomFile: [12, "is"],
  clone: [13, "iiss"],
  child: [14, ""],
  exit: [15, ""],
  signal: [16, ""],
  wait: [17, ""],
  overlay: [20, "si"],
  rootTree: [21, "i"],
  mount: [22, "sssisi"],
  attach: [23, "isi"],
  device: [24, "siii"],
  symlink: [25, "ss"],
  mkdirIn: [26, "si"],
  mask: [27, "s"],
  readOnly: [28, "s"],
  pivot: [29, "i"],
  hostname: [30, "s"],
  rlimit: [31, "iii"],
  unshare: [32, "i"],
  user: [33, "ss"],
  capabilities: [34, "iiiii"],
  noNewPrivileges: [35, ""],
  seccomp: [36, "b"],
  chdir: [37, "si"],
  init: [38, ""],
  exec: [39, "bb"],
  setns: [40, "i"],
  umask: [41, "i"],
  process: [42, "iii"],
  join: [43, "ii"],
  treeOf: [44, "iis"],
  owner: [45, "sii"],
  deviceFilter: [46, "isb"],
  killAll: [47, "is"],
  userNamespace: [50, "i"],
  mapIds: [51, "iii"],
  ownTree: [52, "is"],
  fileSystem: [53, "is"],
  layers: [54, "iibss"],
  newRoot: [55, "ii"],
  newTree: [56, "isssi"],
  below: [57, "i"],
  become: [58, "ii"],
  ownStdio: [59, "ii"],
  terminal: [60, "ii"],
  ownFolder: [61, "isii"],
  writeOf: [62, "sb"],
  domainName: [63, "s"],
  spread: [64, "is"],
  treeBelow: [65, "is"],
  rootAt: [66, "is"],
  attachAs: [67, "isiiii"],
  mountSet: [68, "siiii"],
  hook: [69, "bbbi"],
  listen: [70, "is"],
  awaitStart: [71, ""],
  connect: [72, "is"],
  stdio: [77, "iiii"],
  console: [73, "iii"],
  find: [74, "ss"],
  filter: [75, "ibib"],
  moveRoot: [76, "is"],
} as const satisfies Record<string, readonly [number, string]>;

export type OperationName = keyof typeof OPERATIONS;

type Argument<Form extends string> = Form extends "i"
  ? number | bigint
  : Form extends "s"
    ? string
    : Uint8Array | string;

/** The argument list of a form: "is" is [number | bigint, string]. */
export type Arguments<Form extends string> = Form extends `${infer Head}${infer Tail}`
  ? [Argument<Head>, ...Arguments<Tail>]
  : [];

/** Descriptors the launcher has open before any plan: native/launcher.c says which. */
export const SLOT = {
  proc: 0,
  nullDevice: 1,
  run: 2,
  root: 3,
  firstCgroup: 4,
  firstFree: 32,
  console: 253,
} as const;
