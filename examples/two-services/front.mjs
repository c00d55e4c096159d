// Greets, with the number that the back counts.
import { createServer } from "node:http";

const { GREETING, BACK } = process.env;

const server = createServer(async (_request, response) => {
  try {
    const answer = await fetch(BACK);
    response.end(`${GREETING}, visitor ${(await answer.text()).trim()}\n`);
  } catch (error) {
    response.writeHead(502).end(`the back does not answer: ${error.cause?.message ?? error.message}\n`);
  }
});
server.listen(8000);

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
