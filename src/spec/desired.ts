import type { Activation } from "./activation.ts";
import { readBuild } from "./build.ts";
import type { BuildValue, ProjectBuild } from "./build.ts";
import { checkPortConflicts } from "./conflicts.ts";
import type { ContentOf, LoadedContent } from "./contents.ts";
import { hostPath } from "./mount.ts";
import { readNetwork } from "./network.ts";
import type { NetworkMap } from "./network.ts";
import { readPairs } from "./pairs.ts";
import type { Pairs } from "./pairs.ts";
import type { Path } from "./path.ts";
import type { ImageSource, Port, Project, ProjectNetwork, Service, Volume } from "./project.ts";
import { readReference } from "./reference.ts";
import { checkDependencies } from "./references.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readBoolean } from "./scalar.ts";
import { readService } from "./service.ts";
import type { ServiceMap } from "./service.ts";
import type { ServiceFiles } from "./service-files.ts";
import type { ProfileText } from "./security.ts";
import { readVolumeDriver } from "./volume-driver.ts";
import type { DriverKeys, VolumeDevice } from "./volume-driver.ts";
import { withVolumesFrom } from "./volumes-from.ts";

type Entries<T> = Readonly<Record<string, T | undefined>>;

/** The file's values, once the schema has passed them. */
interface ProjectMap {
  readonly services?: Entries<ServiceMap>;
  readonly volumes?: Entries<VolumeMap | null>;
  readonly networks?: Entries<NetworkMap | null>;
  readonly images?: Entries<{ readonly import?: string; readonly build?: BuildValue }>;
}

interface VolumeMap extends DriverKeys {
  readonly name?: string;
  /** The older form holds the name. */
  readonly external?: boolean | string | { readonly name?: string };
  readonly labels?: Pairs;
}

export interface DesiredContext {
  readonly name: string;
  readonly workingFolder: string;
  readonly files: readonly string[];
  readonly lookup: (name: string) => string | undefined;
  readonly strict: boolean;
  readonly seccompProfile: ProfileText;
  readonly activation: Activation;
  readonly contentOf: ContentOf;
  /** Told of what is to be built. */
  readonly addBuild: (build: ProjectBuild) => void;
  /** By service. */
  readonly serviceFiles: ReadonlyMap<string, ServiceFiles>;
}

/**
 * The project a file means, with its defaults. What the schema cannot say is checked here, and reported. `value` has
 * passed the schema, or is undefined wherever it did not.
 */
export function readProject(value: unknown, report: Report, context: DesiredContext): Project {
  const map: ProjectMap = isMap(value) ? value : {};
  const home = context.lookup("HOME");

  const volumes = new Map<string, Volume>();
  const devices = new Map<string, VolumeDevice>();
  for (const [key, volume] of sound(map.volumes)) {
    const device = readVolumeDriver(volume ?? {}, ["volumes", key], report, context.workingFolder);
    // What is somebody else's folder, or memory, is nothing to make or to remove.
    if (device !== undefined) devices.set(key, device);
    else volumes.set(key, readVolume(key, volume ?? {}, report, context));
  }
  const networks = new Map<string, ProjectNetwork>();
  for (const [key, network] of sound(map.networks))
    networks.set(key, readNetwork(key, network ?? {}, report, context));
  const images = new Map<string, ImageSource>();
  for (const [key, image] of sound(map.images)) {
    report.attempt(["images", key], () => readReference(key));
    const { import: archive, build } = image;
    if ((archive === undefined) === (build === undefined)) {
      report.error(["images", key], 'expected one of "import" and "build"', "key");
      continue;
    }
    if (build !== undefined) {
      const read = readBuild(build, ["images", key, "build"], report, { ...context, home });
      if (read !== undefined) context.addBuild({ ...read, image: key, always: false });
      continue;
    }
    const importFrom = report.attempt(["images", key, "import"], () =>
      hostPath(archive ?? ".", { ...context, home }),
    );
    if (importFrom !== undefined) images.set(key, { importFrom });
  }

  // A volume whose declaration is wrong has been reported; whoever uses it is right.
  const refused = Object.hasOwn(map, "volumes") && map.volumes === undefined;
  const declared = map.volumes ?? {};
  const volumeName = (key: string) =>
    volumes.get(key)?.name ?? (refused || Object.hasOwn(declared, key) ? key : undefined);
  const contents = new Map<string, string>();
  const keep = ({ digest, bytes }: LoadedContent) => {
    contents.set(digest, Buffer.from(bytes).toString("base64"));
  };
  const portOrigins = new Map<Port, Path>();
  const services = new Map<string, Service>();
  const { active } = context.activation;
  for (const [name, service] of sound(map.services)) {
    if (!active.has(name)) continue;
    services.set(
      name,
      readService(service, ["services", name], report, {
        ...context,
        home,
        volumeName,
        volumeDevice: (key) => devices.get(key),
        portOrigins,
        services: [...active],
        ownImage: `${context.name}-${name}`,
        networks: Object.keys(map.networks ?? {}),
        keep,
        files: context.serviceFiles.get(name),
      }),
    );
  }
  const result = withVolumesFrom(Object.fromEntries(services), map.services ?? {}, report);
  checkPortConflicts(result, portOrigins, report);
  checkDependencies(map.services ?? {}, context.activation, report);
  return {
    name: context.name,
    services: result,
    volumes: Object.fromEntries(volumes),
    ...(networks.size === 0 ? {} : { networks: Object.fromEntries(networks) }),
    images: Object.fromEntries(images),
    ...(contents.size === 0 ? {} : { contents: Object.fromEntries(contents) }),
    workingFolder: context.workingFolder,
    files: context.files,
  };
}

function sound<T>(entries: Entries<T> | undefined): [string, T][] {
  return Object.entries(entries ?? {}).filter((entry): entry is [string, T] => entry[1] !== undefined);
}

function readVolume(key: string, map: VolumeMap, report: Report, context: DesiredContext): Volume {
  const path = ["volumes", key];
  const { external: written } = map;
  const older = typeof written === "object" ? written : undefined;
  const ownName = map.name ?? older?.name;
  const external =
    older !== undefined ||
    (typeof written !== "object" &&
      written !== undefined &&
      (report.attempt([...path, "external"], () => readBoolean(written)) ?? false));
  const name =
    ownName === undefined ? undefined : report.attempt([...path, "name"], () => readVolumeName(ownName));
  return {
    name: name ?? (external ? key : `${context.name}_${key}`),
    external,
    labels: readPairs(map.labels, [...path, "labels"], report, () => ""),
  };
}

/** A volume's name is a folder's name in the store, so nothing that could leave it. */
function readVolumeName(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name)) return name;
  throw new InvalidValue(`"${name}" is not a volume name (letters, digits, ".", "_" and "-", at most 128)`);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
