// Writes the seed corpus: real plans, by the compiler that production uses. Run after `npm run build`.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileLaunch } from "../../dist/runtime/compile.js";
import { compileExec } from "../../dist/runtime/compile-exec.js";
import { parseBundle } from "../../dist/oci/bundle.js";
import { compileCreate } from "../../dist/oci/create-plan.js";

const cgroups = [
  { version: 1, controllers: ["cpu"], path: "/c/cpu" },
  { version: 1, controllers: ["memory"], path: "/c/memory" },
  { version: 1, controllers: ["pids"], path: "/c/pids" },
];
const config = {
  image: "host",
  command: ["sleep", "1000"],
  environment: {},
  mounts: [],
  limits: {},
  restart: { name: "no" },
  stopGraceMs: 10_000,
  labels: {},
  init: false,
};
const input = {
  id: "0123456789abcdef".repeat(4),
  config,
  image: { layers: ["/root/layer"], hostMounts: [{ source: "/usr", target: "/usr" }] },
  root: "/root",
  cgroups,
  files: [],
  volumeFolder: (name) => `/root/volumes/${name}/data`,
};
const rich = {
  ...config,
  init: true,
  user: "ann:staff",
  environment: { A: "1" },
  limits: { memoryBytes: 1 << 26, nanocpus: 5e8, pids: 10 },
  mounts: [
    { type: "bind", source: "/srv", target: "/srv", readOnly: true, createSource: true },
    { type: "volume", source: "kept", target: "/kept", readOnly: false },
    { type: "tmpfs", target: "/tmp", sizeBytes: 1 << 20 },
  ],
};
const bundle = parseBundle({
  ociVersion: "1.0.2",
  process: { args: ["true"], cwd: "/", terminal: true },
  root: { path: "/root" },
  mounts: [{ destination: "/proc", type: "proc", source: "proc", options: ["rslave"] }],
  hooks: { createContainer: [{ path: "/bin/true" }] },
  linux: { namespaces: ["mount", "pid", "network"].map((type) => ({ type })) },
});
const plans = {
  bundle: compileCreate({
    bundle,
    process: bundle.process,
    bundleFolder: "/",
    rootfs: "/root",
    cgroups: cgroups,
    access: undefined,
    filter: { code: new Uint8Array(16), flags: 2, listener: { path: "/agent", metadata: "" } },
    state: { id: "bundle" },
    console: { socket: "/console" },
    noPivot: false,
  }),
  plain: compileLaunch(input),
  rich: compileLaunch({ ...input, config: rich, seccomp: new Uint8Array(16) }),
  ids: compileLaunch({ ...input, idBase: 0x100000 }),
  exec: compileExec({
    ...input,
    process: { pid: 42, startTime: 4711 },
    idBase: 0x100000,
    command: ["true"],
    environment: [],
    workingDir: "/",
    user: "",
    terminal: { rows: 24, columns: 80 },
  }),
};
const folder = fileURLToPath(new URL("corpus", import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, bytes] of Object.entries(plans)) writeFileSync(`${folder}/${name}.plan`, bytes);
