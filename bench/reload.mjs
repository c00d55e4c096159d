// From saving a file with one replica more until that replica answers through the published port, in milliseconds.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { folder, Gantry, save } from "./gantry.mjs";
import { makeRoot } from "./root-archive.mjs";
import { median, numberOption, table } from "./statistics.mjs";
import { running } from "./unix-http.mjs";
import { until } from "./until.mjs";

const HELLO = fileURLToPath(new URL("build/hello", import.meta.url));
const PORT = 18080;
const OWN_PORT = 18081;
/** chokidar drops a change within 50 ms of another, and people do not save that often either. */
const BETWEEN_MS = 300;
const PATIENCE_MS = 10_000;

export async function run(base, options) {
  const rounds = numberOption(options, "rounds", 20);
  const gantry = await new Gantry(base).open();
  await gantry.cli("import", makeRoot(base, [HELLO]).archive, "hello:1");
  const file = join(folder(base, "watched"), "compose.yaml");
  save(file, spec(1));
  await gantry.watch(file);
  const known = new Set([await stranger(new Set())]);

  const times = [];
  for (let round = 0; round < rounds; round++) {
    await delay(BETWEEN_MS);
    const began = performance.now();
    save(file, spec(known.size + 1));
    known.add(await stranger(known));
    times.push(performance.now() - began);
  }
  await until("all replicas", async () => (await running(gantry.socket)) === rounds + 1);
  const own = [];
  for (let round = 0; round < rounds; round++) own.push(await ownStart());
  const row = (name, all) => [
    name,
    ...[median(all), Math.min(...all), Math.max(...all)].map((ms) => ms.toFixed(1)),
  ];
  console.log(`${rounds} times one replica more; node ${process.version}\n`);
  console.log(
    table(
      ["", "median ms", "best ms", "worst ms"],
      [row("saved file -> new replica answers", times), row("the program's own start", own)],
    ),
  );
}

function spec(replicas) {
  return `name: reload
services:
  web:
    image: hello:1
    command: ["hello"]
    ports: ["127.0.0.1:${PORT}:80"]
    deploy:
      replicas: ${replicas}
`;
}

/** Connects until somebody answers who is not known yet; returns his name. */
async function stranger(known) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const name = await answer(PORT);
    if (name !== "" && !known.has(name)) return name;
    if (Date.now() > deadline) throw new Error("the new replica does not answer");
    await delay(1);
  }
}

/** What the server behind a port says; empty where nobody is. */
function answer(port) {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("data", (chunk) => (text += chunk));
    socket.on("error", () => resolve(""));
    socket.on("close", () => resolve(text.trim()));
  });
}

/** The server started by itself, without a container: ms until it answers. */
async function ownStart() {
  const began = performance.now();
  const child = spawn(HELLO, [String(OWN_PORT)], { stdio: "ignore" });
  while ((await answer(OWN_PORT)) === "") await delay(1);
  const ms = performance.now() - began;
  const ended = new Promise((resolve) => child.on("exit", resolve));
  child.kill();
  await ended;
  return ms;
}
