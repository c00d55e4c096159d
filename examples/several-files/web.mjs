// Says how it was configured.
import { createServer } from "node:http";

const { MODE, TITLE } = process.env;

const server = createServer((_request, response) => {
  response.end(`${TITLE}: ${MODE}\n`);
});
server.listen(8000);

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
