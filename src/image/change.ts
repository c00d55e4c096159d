import { GantryError } from "../error.ts";

/** The `config` of an OCI image configuration as JSON (config.md), with docker's additions. */
export type RawConfig = Readonly<Record<string, unknown>>;

/**
 * What one instruction, in a Dockerfile's words, changes of an image's configuration: `docker commit --change`.
 * Throws request.invalid for one that makes no sense, or that says nothing about the configuration.
 */
export function applyChange(config: RawConfig, instruction: string): RawConfig {
  const [, word = "", rest = ""] = /^\s*(\S+)\s*([^]*?)\s*$/.exec(instruction) ?? [];
  const change = CHANGES[word.toUpperCase()];
  if (change === undefined) throw wrong(instruction, `it is none of ${Object.keys(CHANGES).join(", ")}`);
  if (rest === "") throw wrong(instruction, "it says nothing");
  return { ...config, ...change(rest, config, instruction) };
}

type ApplyChange = (rest: string, config: RawConfig, instruction: string) => RawConfig;

const CHANGES: Readonly<Record<string, ApplyChange>> = {
  CMD: (rest) => ({ Cmd: commandOf(rest) }),
  // Docker's: a new entrypoint makes the arguments of the old one meaningless.
  ENTRYPOINT: (rest) => ({ Entrypoint: commandOf(rest), Cmd: null }),
  ENV: (rest, { Env }, instruction) => {
    const pairs = pairsOf(rest, instruction);
    const old = listOf(Env).filter((one) => !pairs.some(([name]) => one.startsWith(`${name}=`)));
    return { Env: [...old, ...pairs.map(([name, value]) => `${name}=${value}`)] };
  },
  EXPOSE: (rest, { ExposedPorts }, instruction) => {
    const ports = words(rest, instruction).map((word) => {
      const [, port, protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(word) ?? [];
      if (port === undefined || Number(port) > 65535) throw wrong(instruction, `${word} is no port`);
      return [`${Number(port)}/${protocol.toLowerCase()}`, {}] as const;
    });
    return { ExposedPorts: { ...mapOf(ExposedPorts), ...Object.fromEntries(ports) } };
  },
  HEALTHCHECK: (rest, _config, instruction) => ({ Healthcheck: healthcheckOf(rest, instruction) }),
  LABEL: (rest, { Labels }, instruction) => ({
    Labels: { ...mapOf(Labels), ...Object.fromEntries(pairsOf(rest, instruction)) },
  }),
  ONBUILD: (rest, { OnBuild }) => ({ OnBuild: [...listOf(OnBuild), rest] }),
  STOPSIGNAL: (rest) => ({ StopSignal: rest }),
  USER: (rest) => ({ User: rest }),
  VOLUME: (rest, { Volumes }, instruction) => {
    const paths = jsonList(rest) ?? words(rest, instruction);
    return { Volumes: { ...mapOf(Volumes), ...Object.fromEntries(paths.map((path) => [path, {}])) } };
  },
  WORKDIR: (rest, { WorkingDir }, instruction) => {
    const [path = ""] = words(rest, instruction);
    const base = typeof WorkingDir === "string" && WorkingDir !== "" ? WorkingDir : "/";
    return { WorkingDir: path.startsWith("/") ? path : `${base.replace(/\/$/, "")}/${path}` };
  },
};

function wrong(instruction: string, why: string): GantryError {
  return new GantryError("request.invalid", `the change "${instruction}" cannot be made: ${why}`);
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** `["program", "argument"]`; undefined for anything else. */
function jsonList(text: string): readonly string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const strings = Array.isArray(value) && value.every((one) => typeof one === "string");
    return strings ? value : undefined;
  } catch {
    return undefined;
  }
}

function commandOf(text: string): readonly string[] {
  return jsonList(text) ?? ["/bin/sh", "-c", text];
}

/** Words as a Dockerfile splits them: quotes hold together, a backslash takes the next character as it is. */
function words(text: string, instruction: string): readonly string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "\\" && quote !== "'" && at + 1 < text.length) word = (word ?? "") + (text[++at] ?? "");
    else if (quote !== "" && character === quote) quote = "";
    else if (quote === "" && (character === '"' || character === "'")) {
      quote = character;
      word ??= "";
    } else if (quote === "" && /\s/.test(character)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== "") throw wrong(instruction, `a ${quote} is not closed`);
  return word === undefined ? found : [...found, word];
}

/** `NAME=value …`, or the old form `NAME value`. */
function pairsOf(text: string, instruction: string): readonly (readonly [string, string])[] {
  const [first = "", ...rest] = words(text, instruction);
  if (!first.includes("=")) {
    if (rest.length === 0) throw wrong(instruction, `${first} has no value`);
    return [[first, text.slice(first.length).trim()]];
  }
  return [first, ...rest].map((word) => {
    const equals = word.indexOf("=");
    if (equals < 1) throw wrong(instruction, `${word} is not NAME=value`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const HEALTH_FLAGS: Readonly<Record<string, string>> = {
  interval: "Interval",
  timeout: "Timeout",
  "start-period": "StartPeriod",
  "start-interval": "StartInterval",
};

/** `[--interval=30s …] CMD …`, or `NONE`. Durations become nanoseconds, as docker keeps them. */
function healthcheckOf(text: string, instruction: string): object {
  const check: Record<string, unknown> = {};
  let rest = text;
  for (let flag; (flag = /^--([a-z-]+)=(\S+)\s+/.exec(rest)) !== null; rest = rest.slice(flag[0].length)) {
    const [, name = "", value = ""] = flag;
    const key = HEALTH_FLAGS[name];
    if (name === "retries" && /^\d{1,9}$/.test(value)) check["Retries"] = Number(value);
    else if (key !== undefined) check[key] = nanoseconds(value, instruction);
    else throw wrong(instruction, `--${name}=${value} is no flag of it`);
  }
  if (/^none$/i.test(rest)) return { Test: ["NONE"] };
  const [, command] = /^cmd\s+([^]+)$/i.exec(rest) ?? [];
  if (command === undefined) throw wrong(instruction, "it is neither NONE nor CMD …");
  const list = jsonList(command);
  return { Test: list === undefined ? ["CMD-SHELL", command] : ["CMD", ...list], ...check };
}

function nanoseconds(text: string, instruction: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text)
    throw wrong(instruction, `${text} is no duration`);
  return Math.round(
    parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ""] ?? 0), 0),
  );
}
