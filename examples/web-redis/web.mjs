// Counts visits in redis.
import { createServer } from "node:http";
import { hostname } from "node:os";
import { redis } from "./redis.mjs";

async function visit(response) {
  const visits = await redis("redis", "INCR", "visits");
  response.end(`visit ${visits}, counted by ${hostname()}\n`);
}

const server = createServer((_request, response) => {
  visit(response).catch((error) => response.writeHead(503).end(`redis: ${error.message}\n`));
});
server.listen(8000);

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
