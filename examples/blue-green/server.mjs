// Says its colour. Red is the version that should not have been released: it starts, and is never healthy.
import { createServer } from "node:http";

const { COLOUR } = process.env;

const server = createServer((request, response) => {
  if (request.url === "/health") response.writeHead(COLOUR === "red" ? 500 : 200).end();
  else response.end(`${COLOUR}\n`);
});
server.listen(8000);

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
