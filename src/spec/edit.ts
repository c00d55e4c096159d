import { isAlias, isMap, isScalar } from "yaml";
import type { Document, LineCounter, Pair, YAMLMap } from "yaml";
import { GantryError } from "../error.ts";
import { parseDocuments } from "./document.ts";
import { effectiveValue, isOnlyChange, serviceOf } from "./effect.ts";
import { MAX_REPLICAS } from "./replicas.ts";

/** Text put in place of what stands between two offsets. */
interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

interface Target {
  readonly text: string;
  readonly lines: LineCounter;
  readonly service: string;
  readonly replicas: number;
  /** The service as it is in effect, with what merge keys add. */
  readonly effective: Readonly<Record<string, unknown>>;
}

/**
 * The YAML text with `replicas` replicas of a service: `deploy.replicas` or `scale` is changed where it stands, and
 * `deploy: replicas` added where neither does. Every other byte stays. Throws SpecError (spec.syntax) for text that is
 * not YAML, and GantryError (spec.invalid), with the line, where the number comes from a variable, an alias or a merge
 * key, where an edit would change anything else, and for a service that is not there.
 */
export function setReplicas(text: string, service: string, replicas: number): string {
  if (!Number.isInteger(replicas) || replicas < 0 || replicas > MAX_REPLICAS)
    throw new GantryError("spec.invalid", `expected from 0 to ${MAX_REPLICAS} replicas, got ${replicas}`);
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const body = text.slice(mark.length);

  const { documents, lines } = parseDocuments(body, "-");
  const before = effectiveValue(body);
  const target: Target = {
    text: body,
    lines,
    service,
    replicas,
    effective: serviceOf(before, service) ?? {},
  };
  if (before === undefined) throw refusal(target, 0, "the file has errors (gantry plan shows them)");
  const services = pairOf(documentOf(documents, service).contents, "services");
  if (serviceOf(before, service) === undefined) throw refusal(target, 0, "there is no such service");
  if (services === undefined || !isMap(services.value) || services.value.anchor !== undefined)
    throw refusal(target, startOf(services), "the services come from an alias");
  const pair = pairOf(services.value, service);
  if (pair === undefined) throw refusal(target, startOf(services), "the service comes from a merge key");
  if (isAlias(pair.value)) throw refusal(target, startOf(pair), "the service is an alias");
  if (!isMap(pair.value)) throw refusal(target, startOf(pair), "the service is not a map");

  for (const splices of candidates(target, pair, pair.value)) {
    const edited = apply(body, splices);
    if (isOnlyChange(before, effectiveValue(edited), service, replicas)) return mark + edited;
  }
  throw refusal(
    target,
    startOf(pair),
    "changing it here would change other things too (an anchor is shared)",
  );
}

/** Of several documents the last that may say how many, else the last that has the service: later ones count. */
function documentOf(
  documents: readonly [Document.Parsed, ...Document.Parsed[]],
  service: string,
): Document.Parsed {
  const having = documents.filter((document) => serviceIn(document) !== undefined);
  const telling = having.findLast((document) => {
    const map = serviceIn(document)?.value;
    return pairOf(map, "scale") !== undefined || pairOf(map, "deploy") !== undefined;
  });
  return telling ?? having.at(-1) ?? documents[0];

  function serviceIn(document: Document.Parsed): Pair | undefined {
    return pairOf(pairOf(document.contents, "services")?.value, service);
  }
}

/** The ways to write the number down, best first. */
function candidates(target: Target, pair: Pair, map: YAMLMap): readonly (readonly Splice[])[] {
  const deploy = pairOf(map, "deploy");
  const scale = pairOf(map, "scale");
  const inDeploy = isMap(deploy?.value) ? pairOf(deploy.value, "replicas") : undefined;
  const there: Splice[] = [];
  if (inDeploy !== undefined) there.push(replaceValue(target, inDeploy));
  if (scale !== undefined) there.push(replaceValue(target, scale));

  const { effective } = target;
  if (scale === undefined && Object.hasOwn(effective, "scale"))
    throw refusal(target, startOf(pair), "its scale comes from a merge key");
  if (deploy === undefined && Object.hasOwn(effective, "deploy")) {
    if (Object.hasOwn(Object(effective["deploy"]) as object, "replicas") || there.length === 0)
      throw refusal(target, startOf(pair), "its deploy comes from a merge key");
  }
  if (isAlias(deploy?.value)) throw refusal(target, startOf(deploy), "its deploy is an alias");
  if (inDeploy === undefined && Object.hasOwn(Object(effective["deploy"]) as object, "replicas"))
    throw refusal(target, startOf(deploy), "its deploy.replicas comes from a merge key");
  if (there.length > 0) return [there];

  const { replicas } = target;
  if (deploy !== undefined && isMap(deploy.value) && deploy.value.items.length > 0)
    return [insertFirst(target, deploy.value, "replicas", String(replicas))];
  if (deploy !== undefined) {
    const key = isScalar(deploy.key) ? deploy.key.range : undefined;
    const value = isMap(deploy.value) ? deploy.value.range : undefined;
    if (value !== null && value !== undefined)
      return [[{ from: value[0], to: value[1], text: `{ replicas: ${replicas} }` }]];
    const colon = target.text.indexOf(":", key?.[1] ?? 0) + 1;
    return [[{ from: colon, to: colon, text: ` { replicas: ${replicas} }` }]];
  }
  if (map.flow === true) return [insertFirst(target, map, "deploy", `{ replicas: ${replicas} }`)];
  const step = " ".repeat(
    Math.max(columnOf(target, startOf(map.items[0])) - columnOf(target, startOf(pair)), 1),
  );
  const block = `${eolOf(target.text)}${indentOf(target, map)}${step}replicas: ${replicas}`;
  return [insertLast(target, map, "deploy", block), insertFirst(target, map, "deploy", block)];
}

function replaceValue(target: Target, pair: Pair): Splice {
  const { value, key } = pair;
  const name = isScalar(key) ? String(key.value) : "value";
  if (isAlias(value)) throw refusal(target, startOf(pair), `its ${name} is an alias`);
  if (value !== null && !isScalar(value)) throw refusal(target, startOf(pair), `its ${name} is not a number`);
  if (typeof value?.value === "string" && value.value.includes("$"))
    throw refusal(target, startOf(pair), `its ${name} comes from the variable in "${value.value}"`);
  if (value?.anchor !== undefined)
    throw refusal(target, startOf(pair), `its ${name} has the anchor &${value.anchor}, which others may use`);
  const range = value?.range;
  if (range !== null && range !== undefined && range[0] < range[1])
    return { from: range[0], to: range[1], text: String(target.replicas) };
  const keyEnd = isScalar(key) ? (key.range?.[1] ?? 0) : 0;
  const colon = target.text.indexOf(":", keyEnd) + 1;
  return { from: colon, to: colon, text: ` ${target.replicas}` };
}

/** A pair before the first of a map that has one. */
function insertFirst(target: Target, map: YAMLMap, name: string, value: string): readonly Splice[] {
  const first = map.items[0];
  const at = startOf(first);
  if (map.flow === true) {
    const open = (map.range?.[0] ?? 0) + 1;
    // JSON is YAML; what is added to it had better stay JSON.
    const json = isScalar(first?.key) && first.key.type === "QUOTE_DOUBLE";
    const pair = json ? `"${name}": ${value.replace("replicas", '"replicas"')}` : `${name}: ${value}`;
    const text =
      first === undefined ? ` ${pair} ` : /\s/.test(target.text.charAt(open)) ? ` ${pair},` : `${pair}, `;
    return [{ from: open, to: open, text }];
  }
  return [{ from: at, to: at, text: `${name}:${gap(value)}${eolOf(target.text)}${indentOf(target, map)}` }];
}

/** A pair on a line of its own below the last of a block map. */
function insertLast(target: Target, map: YAMLMap, name: string, value: string): readonly Splice[] {
  const { text } = target;
  const last = map.items.at(-1);
  const range = endOf(last);
  const newline = text[range - 1] === "\n" ? range - 1 : text.indexOf("\n", range);
  const end = newline === -1 ? text.length : text[newline - 1] === "\r" ? newline - 1 : newline;
  return [{ from: end, to: end, text: `${eolOf(text)}${indentOf(target, map)}${name}:${gap(value)}` }];
}

function gap(value: string): string {
  return /^[\r\n]/.test(value) ? value : ` ${value}`;
}

function apply(text: string, splices: readonly Splice[]): string {
  let result = text;
  for (const { from, to, text: inserted } of [...splices].sort((a, b) => b.from - a.from))
    result = result.slice(0, from) + inserted + result.slice(to);
  return result;
}

function pairOf(node: unknown, key: string): Pair | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

function startOf(pair: Pair | undefined): number {
  return isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
}

/** Where the content of a pair ends, comments behind it not included. */
function endOf(pair: Pair | undefined): number {
  const value: unknown = pair?.value;
  if (isMap(value) && value.flow !== true && value.items.length > 0) return endOf(value.items.at(-1));
  const range = (value as { readonly range?: readonly number[] | null } | null | undefined)?.range;
  return range?.[1] ?? startOf(pair);
}

function columnOf(target: Target, offset: number): number {
  return target.lines.linePos(offset).col;
}

function indentOf(target: Target, map: YAMLMap): string {
  return " ".repeat(columnOf(target, startOf(map.items[0])) - 1);
}

function eolOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

function refusal(target: Target, offset: number, reason: string): GantryError {
  const { line } = target.lines.linePos(offset);
  const message = `line ${Math.max(line, 1)}: cannot set the replicas of ${target.service}: ${reason}`;
  return new GantryError("spec.invalid", message, {
    next: `edit the file by hand, or use: gantry scale --no-edit ${target.service}=${target.replicas}`,
  });
}
