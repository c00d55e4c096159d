// Throughput and memory of a published port: iperf3 straight to the container, through gantry's proxy, and through
// docker-proxy where it is installed, one after the other in every round.
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { folder, Gantry, save } from "./gantry.mjs";
import { pidsOf, proportional } from "./processes.mjs";
import { median, numberOption, table } from "./statistics.mjs";
import { ask } from "./unix-http.mjs";
import { until } from "./until.mjs";

const DOCKER_PROXY = ["/usr/sbin/docker-proxy", "/usr/bin/docker-proxy", "/usr/libexec/docker/docker-proxy"];
const IPERF_PORT = 5201;
const IDLE_PORT = 5300;
const PORTS = { gantry: 18201, idle: 18202, docker: 18203 };
const CONNECTIONS = [1, 8, 64];

export async function run(base, options) {
  const rounds = numberOption(options, "rounds", 3);
  const seconds = numberOption(options, "seconds", 2);
  const idle = numberOption(options, "idle", 10_000);
  const gantry = await new Gantry(base).open();
  const file = join(folder(base, "net"), "compose.yaml");
  save(file, SPEC);
  await gantry.cli("apply", "--wait", "-f", file);
  const address = await addressOf(gantry, "net-iperf-1");
  await until("iperf3", () => answers(address, IPERF_PORT));
  const ways = [
    ["direct", address, IPERF_PORT],
    ["gantry's proxy", "127.0.0.1", PORTS.gantry],
    ...(await dockerProxy(address)),
  ];
  const results = new Map(ways.map(([name]) => [name, CONNECTIONS.map(() => [])]));
  for (let round = 0; round < rounds; round++)
    for (const [index, count] of CONNECTIONS.entries())
      for (const [name, host, port] of ways)
        results.get(name)[index].push(gigabits(host, port, count, seconds));
  const rows = [...results].map(([name, all]) => [name, ...all.map((some) => median(some).toFixed(1))]);
  console.log(`Gbit/s, median of ${rounds} rounds of ${seconds} s each\n`);
  console.log(table(["", ...CONNECTIONS.map((count) => `${count} connections`)], rows));
  console.log(`\n${await memory(idle)}`);
}

const SPEC = `name: net
services:
  iperf:
    image: host
    command: ["iperf3", "-s", "-p", "${IPERF_PORT}"]
    ports: ["127.0.0.1:${PORTS.gantry}:${IPERF_PORT}"]
  idle:
    image: host
    command: ["node", "-e", "require('net').createServer((s) => s.on('error', () => 0)).listen(${IDLE_PORT}, undefined, 4096)"]
    ports: ["127.0.0.1:${PORTS.idle}:${IDLE_PORT}"]
`;

async function addressOf(gantry, name) {
  const { NetworkSettings } = await ask(gantry.socket, "GET", `/containers/${name}/json`);
  return NetworkSettings.IPAddress;
}

/** It writes on descriptor 3 once it listens. */
async function dockerProxy(address) {
  const program = DOCKER_PROXY.find((path) => existsSync(path));
  if (program === undefined) return [];
  const host = ["-host-ip", "127.0.0.1", "-host-port", `${PORTS.docker}`];
  const container = ["-container-ip", address, "-container-port", `${IPERF_PORT}`];
  spawn(program, ["-proto", "tcp", ...host, ...container], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  await until("docker-proxy", () => answers("127.0.0.1", PORTS.docker));
  return [["docker-proxy", "127.0.0.1", PORTS.docker]];
}

function gigabits(host, port, connections, seconds) {
  const args = ["-c", host, "-p", `${port}`, "-P", `${connections}`, "-t", `${seconds}`, "-J"];
  const { end } = JSON.parse(execFileSync("iperf3", args, { encoding: "utf8", maxBuffer: 2 ** 28 }));
  return end.sum_received.bits_per_second / 1e9;
}

function answers(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

/** What the proxy itself takes for so many connections on which nothing happens. */
async function memory(count) {
  const [proxy] = pidsOf(/^gantry-proxy$/);
  const before = proportional(proxy);
  const sockets = [];
  for (let left = count; left > 0; left -= 200)
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(200, left) }, () => opened(PORTS.idle)))),
    );
  const mib = (proportional(proxy) - before) / 1024;
  for (const socket of sockets) socket.destroy();
  return `${sockets.length} idle connections: ${mib.toFixed(1)} MiB of the proxy's own`;
}

function opened(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", reject);
    socket.on("connect", () => resolve(socket));
  });
}
