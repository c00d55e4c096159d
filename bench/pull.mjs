// Pulling and unpacking one image of several layers from Debian's own registry on loopback: gantry, docker, skopeo + umoci.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Docker } from "./docker.mjs";
import { Gantry } from "./gantry.mjs";
import { makeRoot } from "./root-archive.mjs";
import { median, numberOption, table } from "./statistics.mjs";
import { until } from "./until.mjs";

const PORT = 5000;
const REGISTRY = `127.0.0.1:${PORT}`;
const IMAGE = `${REGISTRY}/bench/pull:1`;
/** What a Debian image is made of: programs, libraries, many small files. Each becomes a layer. */
const FOLDERS = ["/usr/sbin", "/usr/share/doc", "/usr/lib/python3", "/usr/share/perl", "/usr/share/zoneinfo"];

export async function run(base, options) {
  const rounds = numberOption(options, "rounds", 3);
  const registry = await startRegistry(base);
  const { entries, bytes, packed } = await uploadImage(base);
  console.log(`${FOLDERS.length} layers, ${entries} entries, ${mega(bytes)} MB, ${mega(packed)} MB packed\n`);
  const gantry = await new Gantry(base).open();
  const contestants = { gantry: () => pullByGantry(gantry) };
  if (Docker.installed()) {
    const docker = await new Docker(base).open(makeRoot(base).archive);
    contestants[`docker ${docker.version}`] = () => pullByDocker(docker);
  }
  if (has("skopeo") && has("umoci")) contestants["skopeo + umoci"] = () => pullBySkopeo(base);
  const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, pull] of Object.entries(contestants)) {
      spawnSync("sync");
      times[name].push(await pull());
    }
  const ours = median(times.gantry);
  const rows = Object.entries(times).map(([name, ms]) => [
    name,
    seconds(median(ms)),
    seconds(Math.min(...ms)),
    (median(ms) / ours).toFixed(2),
  ]);
  console.log(table(["", "median s", "best s", "times gantry's"], rows));
  const status = readFileSync(`/proc/${gantry.daemon.pid}/status`, "utf8");
  console.log(
    `\ngantry's daemon held at most ${mega(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024)} MB of memory`,
  );
  await gantry.close();
  registry.kill();
}

async function pullByGantry(gantry) {
  const began = performance.now();
  await gantry.cli("pull", IMAGE);
  const ms = performance.now() - began;
  await gantry.cli("rmi", IMAGE);
  return ms;
}

async function pullByDocker(docker) {
  const began = performance.now();
  const args = ["-H", `unix://${docker.socket}`];
  await command("docker", [...args, "pull", "-q", IMAGE]);
  const ms = performance.now() - began;
  await command("docker", [...args, "rmi", IMAGE]);
  return ms;
}

/** With a sync in the end, since the others' images are on the disk when they say so. */
async function pullBySkopeo(base) {
  const layout = join(base, "skopeo");
  const bundle = join(base, "bundle");
  const began = performance.now();
  await command("skopeo", [
    "copy",
    "-q",
    "--insecure-policy",
    "--src-tls-verify=false",
    `docker://${IMAGE}`,
    `oci:${layout}:1`,
  ]);
  await command("umoci", ["unpack", "--image", `${layout}:1`, bundle]);
  await command("sync", ["-f", bundle]);
  const ms = performance.now() - began;
  for (const path of [layout, bundle]) rmSync(path, { recursive: true, force: true });
  return ms;
}

async function command(program, args) {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${code}`);
}

function has(program) {
  return spawnSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" }).status === 0;
}

async function startRegistry(base) {
  if (!has("docker-registry")) throw new Error("no registry here: apt-get install -y docker-registry");
  const data = join(base, "registry");
  mkdirSync(data);
  const config = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data } },
    http: { addr: REGISTRY },
  };
  writeFileSync(join(base, "registry.yml"), JSON.stringify(config));
  const child = spawn("docker-registry", ["serve", join(base, "registry.yml")], { stdio: "ignore" });
  await until("the registry", async () => {
    try {
      return (await fetch(`http://${REGISTRY}/v2/`)).status === 200;
    } catch {
      return false;
    }
  });
  return child;
}

async function uploadImage(base) {
  const diffIds = [];
  const layers = [];
  let entries = 0;
  let bytes = 0;
  for (const folder of FOLDERS) {
    const file = join(base, "layer.tar");
    spawnSync("tar", ["-cf", file, "--format=pax", "-C", "/", folder.slice(1)], { stdio: "ignore" });
    diffIds.push(digestOf(readFileSync(file)));
    bytes += statSync(file).size;
    entries +=
      spawnSync("tar", ["-tf", file], { encoding: "utf8", maxBuffer: 1 << 28 }).stdout.split("\n").length - 1;
    spawnSync("gzip", ["-f", file]);
    layers.push(await upload(readFileSync(`${file}.gz`), "application/vnd.oci.image.layer.v1.tar+gzip"));
  }
  const configuration = {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: diffIds },
  };
  const config = await upload(
    Buffer.from(JSON.stringify(configuration)),
    "application/vnd.oci.image.config.v1+json",
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const answer = await fetch(`http://${REGISTRY}/v2/bench/pull/manifests/1`, {
    method: "PUT",
    headers: { "Content-Type": mediaType },
    body: JSON.stringify({ schemaVersion: 2, mediaType, config, layers }),
  });
  if (answer.status !== 201) throw new Error(`manifest: ${answer.status}`);
  return { entries, bytes, packed: layers.reduce((sum, { size }) => sum + size, 0) };
}

async function upload(content, mediaType) {
  const digest = digestOf(content);
  const begun = await fetch(`http://${REGISTRY}/v2/bench/pull/blobs/uploads/`, { method: "POST" });
  const to = new URL(begun.headers.get("location"), `http://${REGISTRY}`);
  to.searchParams.set("digest", digest);
  const put = await fetch(to, { method: "PUT", body: content });
  if (put.status !== 201) throw new Error(`upload: ${put.status}`);
  return { mediaType, digest, size: content.length };
}

function digestOf(content) {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

const mega = (bytes) => Math.round(bytes / 1e6);
const seconds = (ms) => (ms / 1000).toFixed(2);
