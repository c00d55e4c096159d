// `gantry exec web true`, beside what the command line takes to start at all (`gantry version`), in milliseconds.
import { join } from "node:path";
import { folder, Gantry, save } from "./gantry.mjs";
import { makeRoot } from "./root-archive.mjs";
import { median, numberOption, table } from "./statistics.mjs";

const SPEC = `name: exec
services:
  web:
    image: bench:1
    command: ["sleep", "86400"]
`;

export async function run(base, options) {
  const rounds = numberOption(options, "rounds", 20);
  const gantry = await new Gantry(base).open();
  await gantry.cli("import", makeRoot(base).archive, "bench:1");
  const file = join(folder(base, "spec"), "compose.yaml");
  save(file, SPEC);
  await gantry.cli("apply", "--wait", "-f", file);

  const plain = [];
  const exec = [];
  for (let round = 0; round < rounds; round++) {
    plain.push(await timeOf(() => gantry.cli("version")));
    exec.push(await timeOf(() => gantry.cli("exec", "-p", "exec", "web", "true")));
  }
  const row = (name, all) => [name, median(all).toFixed(1), Math.min(...all).toFixed(1)];
  const rows = [row("gantry version", plain), row("gantry exec web true", exec)];
  const own = median(exec.map((ms, round) => ms - plain[round]));
  console.log(`${rounds} rounds, interleaved; node ${process.version}\n`);
  console.log(
    table(["", "median ms", "best ms"], [...rows, ["exec beyond version, paired", own.toFixed(1), ""]]),
  );
}

async function timeOf(task) {
  const began = performance.now();
  await task();
  return performance.now() - began;
}
