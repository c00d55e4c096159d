// A small web server that says who it is.
import { createServer } from "node:http";
import { hostname } from "node:os";

const server = createServer((_request, response) => {
  response.end(`hello from ${hostname()}\n`);
});
server.listen(8000);

// The first process of a container has no default action for SIGTERM: without this, stopping takes the grace period.
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
