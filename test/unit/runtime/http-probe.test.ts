import { expect, test } from "vitest";
import { httpRequest, httpVerdict } from "../../../src/runtime/health/http.ts";

const QUESTION = { kind: "http", port: 80, path: "/well" } as const;

test("the request says who asks, and that one answer is enough", () => {
  expect(httpRequest(QUESTION).toString()).toBe(
    "GET /well HTTP/1.1\r\nHost: localhost:80\r\nUser-Agent: gantry-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n",
  );
  const own = httpRequest({ ...QUESTION, headers: { host: "shop", connection: "keep-alive" } }).toString();
  expect(own).toContain("\r\nhost: shop\r\n");
  expect(own).not.toMatch(/Host: localhost|keep-alive/);
});

test.each([
  ["HTTP/1.1 200 OK\r\n\r\nfine", true, "HTTP status 200\nfine"],
  ["HTTP/1.0 399 x\r\n\r\n", true, "HTTP status 399"],
  ["HTTP/1.1 400 x\r\n\r\n", false, "HTTP status 400"],
  ["HTTP/1.1 503\r\n\r\nbusy", false, "HTTP status 503\nbusy"],
  ["HTTP/1.1 2000 x\r\n\r\n", false, "the answer is not HTTP"],
  ["SSH-2.0-OpenSSH\r\n", false, "the answer is not HTTP"],
  ["", false, "closed without an answer"],
])("%j", (answer, good, output) => {
  expect(httpVerdict(QUESTION, Buffer.from(answer))).toEqual({ good, output });
});

test("which status codes are good can be said", () => {
  const question = { ...QUESTION, statuses: [[204, 204] as const, [500, 599] as const] };
  expect(httpVerdict(question, Buffer.from("HTTP/1.1 200 OK\r\n\r\n")).good).toBe(false);
  expect(httpVerdict(question, Buffer.from("HTTP/1.1 502 x\r\n\r\n")).good).toBe(true);
});
