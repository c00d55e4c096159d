import { appendFileSync } from "node:fs";

interface Log {
  readonly file: string | undefined;
  readonly json: boolean;
  readonly debug: boolean;
}

let log: Log = { file: undefined, json: false, debug: false };

/** Once, before the first line: --log, --log-format and --debug. */
export function openLog(settings: Log): void {
  log = settings;
  if (settings.file !== undefined) appendFileSync(settings.file, "");
}

/** One line in the format of runc's logger, which callers parse: to the file that was named, else to standard error. */
function write(level: "error" | "warning" | "debug", message: string): void {
  const time = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const line = log.json
    ? JSON.stringify({ level, msg: message, time })
    : `time="${time}" level=${level} msg=${JSON.stringify(message)}`;
  if (log.file === undefined) process.stderr.write(`${line}\n`);
  else appendFileSync(log.file, `${line}\n`);
}

export function warn(message: string): void {
  write("warning", message);
}

export function debug(message: string): void {
  if (log.debug) write("debug", message);
}

/** The last line of a command that failed; where there is a log file, standard error has it in plain words too. */
export function logError(message: string): void {
  write("error", message);
  if (log.file !== undefined) process.stderr.write(`${message}\n`);
}
