import { readFileSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { FastifyRequest } from "fastify";
import { messageOf } from "../../error.ts";
import { parsePlatform } from "../../image/platform.ts";
import { givenName } from "../../image/import.ts";
import { type Credentials, credentialsOf } from "../../registry/credentials.ts";
import { readConfinement } from "../../spec/confinement.ts";
import type { BuildRequest } from "../build/request.ts";
import { type JsonObject, objectIn, objectOf, objectsIn, textIn, textMapIn } from "./bodies.ts";
import { invalid, NotBuiltError } from "./errors.ts";
import { header } from "./image-pull.ts";
import { limitsOf } from "./create/limits.ts";
import { RequestReport } from "./create/request-report.ts";
import { Query } from "./query.ts";

type GivenContext = { readonly folder: string } | { readonly image: string };

/** Bytes of one secret, as BuildKit has it. */
const LARGEST_SECRET = 500 * 1024;
const UNBUILT = ["squash", "outputs", "cgroupparent"];

/**
 * What `POST /build` asks for: docker's query parameters, credentials in X-Registry-Config, and in X-Gantry-Build (base64url of
 * JSON) what its classic builder has no word for: `secrets`, `ssh`, `contexts`, `inline`. Throws request.invalid.
 */
export function buildRequest(
  request: FastifyRequest,
  context: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): BuildRequest {
  const query = new Query(request);
  if (query.text("version") === "2") throw new NotBuiltError("BuildKit's protocol");
  for (const key of UNBUILT)
    if (query.text(key) !== undefined && query.text(key) !== "0" && query.text(key) !== "false")
      throw new NotBuiltError(`the build option ${key}`);
  if (query.text("remote") !== undefined && query.text("remote") !== "client-session")
    throw new NotBuiltError("building from a URL");
  if (query.text("remote") !== undefined) throw new NotBuiltError("BuildKit's protocol");
  const more = headerJson(header(request, "x-gantry-build"), "X-Gantry-Build");
  const [platform, target, inline] = [query.text("platform"), query.text("target"), textIn(more, "inline")];
  return {
    context,
    dockerfile: query.text("dockerfile") ?? "Dockerfile",
    ...(inline === undefined ? {} : { inline }),
    given: argumentsOf(query),
    ...(target === undefined ? {} : { target }),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    names: [...new Set(query.texts("t").map(givenName))],
    labels: textMapIn({ labels: json(query, "labels") }, "labels"),
    useCache: !query.flag("nocache"),
    pull: query.flag("pull"),
    network: networkOf(query.text("networkmode")),
    secrets: secretsOf(more),
    agents: agentsOf(more),
    contexts: contextsOf(more),
    run: settingsOf(query),
    credentials: credentialsIn(headerJson(header(request, "x-registry-config"), "X-Registry-Config")),
    signal,
  };
}

/** `{"NAME": "value"}`; null is one that the client has no value for. */
function argumentsOf(query: Query): Readonly<Record<string, string>> {
  const entries = Object.entries(objectOf(json(query, "buildargs"))).filter(([, value]) => value !== null);
  return textMapIn({ buildargs: Object.fromEntries(entries) }, "buildargs");
}

function json(query: Query, key: string): unknown {
  const text = query.text(key);
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid(`query parameter ${key} is not JSON`);
  }
}

function networkOf(mode = "default"): BuildRequest["network"] {
  if (mode === "default" || mode === "bridge") return "default";
  if (mode === "none" || mode === "host") return mode;
  throw new NotBuiltError(`building in the network ${mode}`);
}

function settingsOf(query: Query): BuildRequest["run"] {
  const report = new RequestReport();
  const resources = {
    Memory: query.integer("memory") ?? 0,
    MemorySwap: query.integer("memswap") ?? 0,
    CpuShares: query.integer("cpushares") ?? 0,
    CpuPeriod: query.integer("cpuperiod") ?? 0,
    CpuQuota: query.integer("cpuquota") ?? 0,
    CpusetCpus: query.text("cpusetcpus") ?? "",
  };
  const ulimits = objectsIn(
    { ulimits: query.text("ulimits") === undefined ? [] : json(query, "ulimits") },
    "ulimits",
  );
  const {
    extraHosts,
    shmBytes,
    ulimits: read,
  } = readConfinement(
    {
      extra_hosts: query.texts("extrahosts"),
      shm_size: query.integer("shmsize") ?? 0,
      ulimits: Object.fromEntries(
        ulimits.map((one) => [
          textIn(one, "Name") ?? "",
          { soft: Number(one["Soft"] ?? 0), hard: Number(one["Hard"] ?? 0) },
        ]),
      ),
    },
    [],
    report,
    { services: [], containers: true, seccompProfile: (text: string): string => text },
  );
  return {
    limits: limitsOf(resources, report),
    extraHosts: extraHosts ?? [],
    ...(shmBytes === undefined ? {} : { shmBytes }),
    ...(read === undefined ? {} : { ulimits: read }),
  };
}

/** Each a file of this machine, or a value. */
function secretsOf(more: JsonObject): ReadonlyMap<string, Uint8Array> {
  return new Map(
    objectsIn(more, "secrets").map((secret) => {
      const [id, file] = [textIn(secret, "id") ?? "", textIn(secret, "file")];
      if (id === "") throw invalid("a secret needs an id");
      const packed = textIn(secret, "base64");
      if (packed !== undefined) return [id, Buffer.from(packed, "base64")] as const;
      if (file === undefined) return [id, Buffer.from(textIn(secret, "value") ?? "")] as const;
      return [id, readSecret(id, file)] as const;
    }),
  );
}

function readSecret(id: string, file: string): Uint8Array {
  try {
    const stat = statSync(file);
    if (!isAbsolute(file) || !stat.isFile()) throw new Error(`${file} is not a file`);
    if (stat.size > LARGEST_SECRET) throw new Error(`${file} is larger than 500 KiB`);
    return readFileSync(file);
  } catch (error) {
    throw invalid(`the secret ${id} cannot be read: ${messageOf(error)}`);
  }
}

function agentsOf(more: JsonObject): ReadonlyMap<string, string> {
  return new Map(
    objectsIn(more, "ssh").map((agent) => {
      const [id, socket] = [textIn(agent, "id") ?? "default", textIn(agent, "socket") ?? ""];
      if (statSync(socket, { throwIfNoEntry: false })?.isSocket() !== true)
        throw invalid(`no SSH agent listens on ${socket === "" ? "SSH_AUTH_SOCK" : socket}`);
      return [id, socket] as const;
    }),
  );
}

function contextsOf(more: JsonObject): BuildRequest["contexts"] {
  return new Map(
    Object.entries(objectIn(more, "contexts")).map(([name, value]): [string, GivenContext] => {
      const given = objectOf(value);
      const [folder, image] = [textIn(given, "folder"), textIn(given, "image")];
      if (image !== undefined) return [name, { image }];
      if (folder === undefined || statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
        throw invalid(`the context ${name} is not a folder: ${folder ?? ""}`);
      return [name, { folder }];
    }),
  );
}

/** By the names that docker's configuration has for registries. */
function credentialsIn(config: JsonObject): (domain: string) => Credentials | undefined {
  return (domain) => {
    const keys =
      domain === "docker.io" ? ["https://index.docker.io/v1/", "docker.io"] : [domain, `https://${domain}`];
    return keys.map((key) => credentialsOf(config[key])).find((found) => found !== undefined);
  };
}

function headerJson(text: string | undefined, name: string): JsonObject {
  if (text === undefined || text === "") return {};
  try {
    return objectOf(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch {
    throw invalid(`${name} is not base64 of a JSON object`);
  }
}
