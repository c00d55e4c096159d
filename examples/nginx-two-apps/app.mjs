// Says which app it is, and what it was asked for.
import { createServer } from "node:http";
import { hostname } from "node:os";

const server = createServer((request, response) => {
  response.end(`${process.env.SAYS} on ${hostname()}: ${request.url}\n`);
});
server.listen(8000);

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
