import { readBuild } from "./build.ts";
import type { BuildValue, ProjectBuild } from "./build.ts";
import { readConfinement } from "./confinement.ts";
import type { ConfinementContext, ConfinementKeys } from "./confinement.ts";
import { readContainerName } from "./container-name.ts";
import { readGrants } from "./content-grant.ts";
import type { GrantKeys } from "./content-grant.ts";
import type { ContentOf, LoadedContent } from "./contents.ts";
import { readHooks } from "./hook.ts";
import type { HookKeys } from "./hook.ts";
import { readHostname } from "./hostname.ts";
import { readJob } from "./job.ts";
import type { JobKeys } from "./job.ts";
import { readLogging } from "./logging.ts";
import type { LoggingMap } from "./logging.ts";
import { checkMachine } from "./machine.ts";
import type { MachineKeys } from "./machine.ts";
import type { MountContext, MountMap } from "./mount.ts";
import { readContainerPath, readMount } from "./mount.ts";
import { readDependsOn, withLinked } from "./depends-on.ts";
import type { DependsOn } from "./depends-on.ts";
import { readDuration } from "./duration.ts";
import { readHealthcheck } from "./healthcheck.ts";
import type { HealthcheckMap } from "./healthcheck.ts";
import { readLimits } from "./limits.ts";
import type { LimitKeys } from "./limits.ts";
import { readPairs } from "./pairs.ts";
import type { Pairs } from "./pairs.ts";
import type { Path } from "./path.ts";
import { readPorts } from "./port.ts";
import type { PortMap } from "./port.ts";
import type { Mount, Port, Service } from "./project.ts";
import { readProbes } from "./probes.ts";
import type { ProbeKeys } from "./probes.ts";
import { readPullPolicy } from "./pull-policy.ts";
import { readReference } from "./reference.ts";
import { readReplicas } from "./replicas.ts";
import type { ReplicaKeys } from "./replicas.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readRollout } from "./rollout.ts";
import type { UpdateConfig } from "./rollout.ts";
import { readRestart, readRestartPolicy } from "./restart.ts";
import type { RestartPolicyMap } from "./restart.ts";
import { readBoolean } from "./scalar.ts";
import type { ServiceFiles } from "./service-files.ts";
import { readExposed, readLinks, readServiceNetworks } from "./service-network.ts";
import type { ServiceNetworkKeys } from "./service-network.ts";
import { readSignal } from "./signal.ts";
import { readTmpfs } from "./tmpfs.ts";
import { splitWords } from "./words.ts";

type Command = string | readonly (string | number | boolean)[] | null;

/** A service of the file, once the schema has passed it. */
export type ServiceMap = LimitKeys &
  ReplicaKeys &
  GrantKeys &
  MachineKeys &
  HookKeys &
  ConfinementKeys &
  ServiceNetworkKeys & {
    readonly image?: string;
    readonly pull_policy?: string;
    readonly build?: BuildValue;
    readonly command?: Command;
    readonly entrypoint?: Command;
    readonly environment?: Pairs;
    readonly working_dir?: string;
    readonly user?: string | number;
    readonly hostname?: string;
    readonly ports?: readonly (number | string | PortMap)[];
    readonly volumes?: readonly (string | MountMap)[];
    readonly tmpfs?: string | readonly string[];
    readonly restart?: string;
    readonly stop_signal?: string | number;
    readonly stop_grace_period?: string | number;
    readonly labels?: Pairs;
    readonly init?: boolean | string;
    readonly tty?: boolean | string;
    readonly stdin_open?: boolean | string;
    readonly volumes_from?: readonly string[];
    readonly container_name?: string;
    readonly logging?: LoggingMap;
    readonly annotations?: Pairs;
    readonly depends_on?: DependsOn;
    readonly healthcheck?: HealthcheckMap;
    readonly "x-gantry"?: ProbeKeys & JobKeys;
    readonly deploy?: {
      readonly update_config?: UpdateConfig;
      readonly rollback_config?: UpdateConfig;
      readonly restart_policy?: RestartPolicyMap;
    };
  };

export interface ServiceContext
  extends ConfinementContext, Pick<MountContext, "workingFolder" | "home" | "volumeName" | "volumeDevice"> {
  readonly lookup: (name: string) => string | undefined;
  /** Gets the entry of the file that each port came from. */
  readonly portOrigins: Map<Port, Path>;
  /** Names of the file's networks. */
  readonly networks: readonly string[];
  /** Keys that are not built are errors. */
  readonly strict: boolean;
  readonly files: ServiceFiles | undefined;
  readonly contentOf: ContentOf;
  /** What the image is called where the file does not say: `shop-web`. */
  readonly ownImage: string;
  /** Told of what is to be built. */
  readonly addBuild: (build: ProjectBuild) => void;
  /** Told of every content that is used. */
  readonly keep: (content: LoadedContent) => void;
}

const DEFAULT_GRACE_MS = 10_000;
/** Every port costs a listener; nobody means more than these, but a list of ranges can. */
const MAX_PORTS = 20_000;

/** A service with its defaults. Whatever is wrong with it goes to the report, and its default takes the place. */
export function readService(map: ServiceMap, path: Path, report: Report, context: ServiceContext): Service {
  const read = report.reader(path);
  const image = read(map.image, "image", readReference);
  if (!Object.hasOwn(map, "image")) {
    if (map.build === undefined) report.error(path, '"image" is missing', "key");
  }
  const ownImage = image ?? context.ownImage;
  const written = read(map.pull_policy, "pull_policy", readPullPolicy);
  // No registry has what is built here under its name.
  const pullPolicy = map.build === undefined ? written : (written ?? "build");
  if (map.build !== undefined) {
    const build = readBuild(map.build, [...path, "build"], report, context);
    if (build !== undefined) context.addBuild({ ...build, image: ownImage, always: written === "build" });
  }
  const command = readCommand(map.command, [...path, "command"], report);
  const entrypoint = readCommand(map.entrypoint, [...path, "entrypoint"], report);
  const workingDir = read(map.working_dir, "working_dir", readContainerPath);
  const user = read(map.user, "user", (value) =>
    readUser(report.writtenNumber([...path, "user"]) ?? String(value)),
  );
  const hostname = read(map.hostname, "hostname", readHostname);
  const stopSignal = read(map.stop_signal, "stop_signal", (value) => readSignal(String(value)));
  const healthcheck = readHealthcheck(map.healthcheck, [...path, "healthcheck"], report);
  const restart = read(map.restart, "restart", readRestart);
  const deploy = [...path, "deploy", "restart_policy"];
  const restartPolicy = readRestartPolicy(map.deploy?.restart_policy, deploy, report);
  const probes = readProbes(map["x-gantry"], [...path, "x-gantry"], report);
  const dependsOn = withLinked(readDependsOn(map.depends_on, [...path, "depends_on"], report), map.links);
  const rollout = readRollout(map.deploy?.update_config, [...path, "deploy", "update_config"], report);
  const rollback = readRollout(map.deploy?.rollback_config, [...path, "deploy", "rollback_config"], report);
  const confinement = readConfinement(map, path, report, context);
  checkMachine(map, path, report);
  const containerName = read(map.container_name, "container_name", readContainerName);
  const log = readLogging(map.logging, [...path, "logging"], report);
  const annotations = readPairs(map.annotations, [...path, "annotations"], report, () => "");
  const hooks = readHooks(map, path, report, context.lookup);
  const contents = readGrants(map, path, report, context);
  const network = confinement.namespaces?.network;
  if (network !== undefined && (map.ports ?? []).length > 0)
    report.error([...path, "ports"], `no port can be published with network_mode: ${network}`, "key");
  if (network !== undefined && map.networks !== undefined)
    report.error([...path, "networks"], `no network can be joined with network_mode: ${network}`, "key");
  const networks =
    network === undefined ? readServiceNetworks(map, path, report, context.networks) : undefined;
  const exposed = readExposed(map, path, report);
  const links = readLinks(map, path, report, context.services);
  const replicas = readReplicas(map, path, report);
  if (
    replicas > 1 &&
    networks?.some(({ address, hardwareAddress }) => (address ?? hardwareAddress) !== undefined)
  )
    report.error(path, `${replicas} replicas cannot share one address`, "key");
  if (confinement.namespaces?.uts === "host" && (map.hostname ?? map.domainname) !== undefined)
    report.error(
      [...path, "uts"],
      "with uts: host the names are this machine's: remove hostname and domainname",
      "key",
    );
  const policy = restartPolicy ?? restart ?? { name: "no" };
  const job = readJob(map["x-gantry"], [...path, "x-gantry"], report, {
    replicas,
    restart: policy,
    containerName,
  });
  return {
    image: map.build === undefined ? (image ?? "") : ownImage,
    ...(pullPolicy === undefined ? {} : { pullPolicy }),
    ...(command === undefined ? {} : { command }),
    ...(entrypoint === undefined ? {} : { entrypoint }),
    environment: {
      ...context.files?.environment,
      ...readPairs(map.environment, [...path, "environment"], report, context.lookup),
    },
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(user === undefined ? {} : { user }),
    ...(hostname === undefined ? {} : { hostname }),
    ports: portsOf(map, path, report, context.portOrigins),
    mounts: mountsOf(map, path, report, context),
    replicas,
    limits: readLimits(map, path, report),
    restart: policy,
    ...(stopSignal === undefined ? {} : { stopSignal }),
    stopGraceMs:
      read(map.stop_grace_period, "stop_grace_period", (value) => readDuration(String(value))) ??
      DEFAULT_GRACE_MS,
    labels: {
      ...context.files?.labels,
      ...readPairs(map.labels, [...path, "labels"], report, () => ""),
    },
    init: read(map.init, "init", readBoolean) ?? false,
    ...(read(map.tty, "tty", readBoolean) === true && { terminal: true }),
    ...(read(map.stdin_open, "stdin_open", readBoolean) === true && { stdin: "open" }),
    ...confinement,
    ...(networks === undefined ? {} : { networks }),
    ...(exposed.length === 0 ? {} : { exposed }),
    ...(links === undefined ? {} : { links }),
    ...(contents === undefined ? {} : { contents }),
    ...(containerName === undefined ? {} : { containerName }),
    ...(log === undefined ? {} : { log }),
    ...(hooks === undefined ? {} : { hooks }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(healthcheck === undefined ? {} : { healthcheck }),
    ...(probes === undefined ? {} : { probes }),
    ...(job === undefined ? {} : { job }),
    ...(dependsOn === undefined ? {} : { dependsOn }),
    ...(rollout === undefined ? {} : { rollout }),
    ...(rollback === undefined ? {} : { rollback }),
  };
}

/** Null, like an absent key, leaves the image's command; an empty list clears it. */
function readCommand(
  command: Command | undefined,
  path: Path,
  report: Report,
): readonly string[] | undefined {
  if (command === undefined || command === null) return undefined;
  if (typeof command === "string") return report.attempt(path, () => splitWords(command));
  return command.map((word, index) => report.writtenNumber([...path, index]) ?? String(word));
}

/** `user`, `uid`, `user:group` or `uid:gid`. Throws InvalidValue. */
export function readUser(text: string): string {
  if (!/^[^\s:]+(:[^\s:]+)?$/.test(text))
    throw new InvalidValue(`expected user, uid, user:group or uid:gid, got "${text}"`);
  return text;
}

function portsOf(map: ServiceMap, path: Path, report: Report, origins: Map<Port, Path>): readonly Port[] {
  const ports = new Map<string, Port>();
  for (const [index, entry] of (map.ports ?? []).entries()) {
    const where = [...path, "ports", index];
    for (const port of report.attempt(where, () => readPorts(entry)) ?? []) {
      const key = `${port.hostIp ?? ""} ${port.hostPort} ${port.containerPort} ${port.protocol}`;
      if (ports.has(key)) continue;
      ports.set(key, port);
      origins.set(port, where);
    }
    if (ports.size > MAX_PORTS) {
      report.error([...path, "ports"], `more than ${MAX_PORTS} ports`, "key");
      break;
    }
  }
  return [...ports.values()];
}

function mountsOf(map: ServiceMap, path: Path, report: Report, context: ServiceContext): readonly Mount[] {
  const mounts = new Map<string, Mount>();
  const add = (where: Path, parse: () => Mount) => {
    const mount = report.attempt(where, parse);
    if (mount === undefined) return;
    if (mounts.has(mount.target)) report.error(where, `something is mounted at ${mount.target} already`);
    mounts.set(mount.target, mount);
  };
  for (const [index, entry] of (map.volumes ?? []).entries()) {
    const where = [...path, "volumes", index];
    add(where, () =>
      readMount(entry, {
        ...context,
        writtenMode: report.writtenNumber([...where, "tmpfs", "mode"]),
        unbuilt: (option) => {
          if (context.strict) report.error(where, `the mount option "${option}" is not built yet`);
          else report.warning(where, `the mount option "${option}" is not built yet, ignored`);
        },
      }),
    );
  }
  if (typeof map.tmpfs === "string") {
    const { tmpfs } = map;
    add([...path, "tmpfs"], () => readTmpfs(tmpfs));
  } else
    for (const [index, entry] of (map.tmpfs ?? []).entries())
      add([...path, "tmpfs", index], () => readTmpfs(entry));
  return [...mounts.values()];
}
