// The Engine API's client for measuring: both daemons are asked by the same code.
import { Agent, request } from "node:http";

const agents = new Map();

function agentFor(socketPath) {
  const agent = agents.get(socketPath) ?? new Agent({ keepAlive: true, maxSockets: 64 });
  agents.set(socketPath, agent);
  return agent;
}

/** One request over a unix socket; the answer's JSON, undefined for an empty one. Throws for a status of 400 and more. */
export function ask(socketPath, method, path, body) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = { host: "bench", ...(text === undefined ? {} : { "content-type": "application/json" }) };
    const sent = request({ socketPath, method, path, headers, agent: agentFor(socketPath) }, (response) => {
      let answer = "";
      response.setEncoding("utf8").on("data", (chunk) => (answer += chunk));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode >= 400)
          reject(new Error(`${method} ${path}: ${response.statusCode} ${answer}`));
        else resolve(answer === "" ? undefined : json(answer));
      });
    });
    sent.on("error", reject);
    sent.end(text);
  });
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // /_ping says "OK"
  }
}

/** Calls `onEvent` at every event of these kinds; resolves, once the stream is open, to a function that closes it. */
export function follow(socketPath, kinds, onEvent) {
  return new Promise((resolve, reject) => {
    const filters = encodeURIComponent(JSON.stringify({ type: ["container"], event: kinds }));
    const sent = request({ socketPath, path: `/events?filters=${filters}`, headers: { host: "bench" } });
    sent.on("error", reject);
    sent.on("response", (response) => {
      let rest = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const _ of lines) onEvent();
      });
      response.on("error", () => undefined); // it is ours to close
      resolve(() => sent.destroy());
    });
    sent.end();
  });
}

/** How many containers run, as `ps` would say. */
export async function running(socketPath) {
  return (await ask(socketPath, "GET", "/containers/json")).length;
}
