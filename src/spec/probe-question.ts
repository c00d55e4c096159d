import type { Path } from "./path.ts";
import type { ProbeQuestion } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";

/** The part of a probe that says what is asked, once the schema has passed it. */
export interface QuestionKeys {
  readonly exec?: string | readonly (string | number | boolean)[];
  readonly tcp?: Integer | { readonly port: Integer };
  readonly http?: Integer | HttpMap;
}

interface HttpMap {
  readonly port: Integer;
  readonly path?: string;
  readonly status?: Integer | readonly Integer[];
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
}

const KINDS = ["exec", "tcp", "http"] as const;

/** Undefined where it is wrong, which the report then says. */
export function readQuestion(map: QuestionKeys, path: Path, report: Report): ProbeQuestion | undefined {
  const kinds = KINDS.filter((kind) => map[kind] !== undefined);
  if (kinds.length !== 1) {
    report.error(path, `a probe has one of exec, tcp and http, this one ${kinds.length || "none"}`, "key");
    return undefined;
  }
  const { exec, tcp, http } = map;
  if (exec !== undefined) return report.attempt([...path, "exec"], () => readCommand(exec));
  if (tcp !== undefined) {
    const [port, where] = typeof tcp === "object" ? [tcp.port, ["tcp", "port"]] : [tcp, ["tcp"]];
    return report.attempt([...path, ...where], () => ({ kind: "tcp", port: readPort(port) }));
  }
  if (typeof http !== "object")
    return report.attempt([...path, "http"], () => ({ kind: "http", port: readPort(http ?? ""), path: "/" }));
  return readHttp(http, [...path, "http"], report);
}

function readCommand(exec: NonNullable<QuestionKeys["exec"]>): ProbeQuestion {
  const command = typeof exec === "string" ? ["/bin/sh", "-c", exec] : exec.map(String);
  if (command.length === 0 || exec === "") throw new InvalidValue("there is nothing to run");
  return { kind: "exec", command };
}

function readHttp(map: HttpMap, at: Path, report: Report): ProbeQuestion | undefined {
  const { status, headers = {} } = map;
  const port = report.attempt([...at, "port"], () => readPort(map.port));
  const path = report.attempt([...at, "path"], () => readPath(map.path ?? "/"));
  const statuses =
    status === undefined
      ? undefined
      : report.attempt([...at, "status"], () => [status].flat().map((one) => readStatus(String(one))));
  const lines = Object.entries(headers).map(
    ([name, value]) =>
      report.attempt([...at, "headers", name], () => readHeader(name, String(value))) ?? [name, ""],
  );
  if (port === undefined || path === undefined) return undefined;
  return {
    kind: "http",
    port,
    path,
    ...(statuses === undefined ? {} : { statuses }),
    ...(lines.length === 0 ? {} : { headers: Object.fromEntries(lines) as Record<string, string> }),
  };
}

function readPort(value: Integer): number {
  return readInteger(value, 1, 65_535);
}

/** As it goes into the request line: what is not ASCII has to be percent-encoded by who writes it. */
function readPath(text: string): string {
  if (!/^\/[!-~]*$/.test(text))
    throw new InvalidValue(`expected a path that begins with / and has no spaces, got "${text}"`);
  return text;
}

/** `200` or `200-299`. */
function readStatus(text: string): readonly [number, number] {
  const [, from, to = from] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text) ?? [];
  if (from === undefined || Number(from) > Number(to))
    throw new InvalidValue(`expected a status code such as 200, or a range such as 200-299, got "${text}"`);
  return [Number(from), Number(to)];
}

/** RFC 9110, section 5: no line break may end the header before its time. */
function readHeader(name: string, value: string): readonly [string, string] {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || !/^[\t -~\u00a0-\u00ff]*$/.test(value))
    throw new InvalidValue(`"${name}: ${value}" is no header`);
  return [name, value];
}
