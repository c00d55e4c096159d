import type { ProbeQuestion } from "../container.ts";

type HttpQuestion = Extract<ProbeQuestion, { kind: "http" }>;

const ANY_GOOD = [[200, 399]] as const;

/** The bytes of the request. Path and headers were checked when the file was read: no line breaks. */
export function httpRequest({ port, path, headers = {} }: HttpQuestion): Buffer {
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const defaults = { Host: `localhost:${port}`, "User-Agent": "gantry-probe", Accept: "*/*" };
  const all = [
    ...Object.entries(defaults).filter(([name]) => !given.has(name.toLowerCase())),
    ...Object.entries(headers).filter(([name]) => name.toLowerCase() !== "connection"),
    ["Connection", "close"] as const,
  ];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
}

/** What an answer means. `output`: what people are told. The answer is whatever the container sent. */
export function httpVerdict(
  { statuses = ANY_GOOD }: HttpQuestion,
  response: Buffer,
): { readonly good: boolean; readonly output: string } {
  const text = response.toString("utf8");
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})(?!\d)/.exec(text)?.[1]; // RFC 9112, section 4
  if (status === undefined)
    return { good: false, output: text === "" ? "closed without an answer" : "the answer is not HTTP" };
  const code = Number(status);
  const good = statuses.some(([from, to]) => code >= from && code <= to);
  const body = /\r?\n\r?\n([\s\S]*)$/.exec(text)?.[1] ?? "";
  return { good, output: `HTTP status ${status}${body === "" ? "" : `\n${body}`}` };
}
