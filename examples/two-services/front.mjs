// Greets, with the number that the back counts.
import { createServer } from "node:http";

const { GREETING, BACK } = process.env;

async function greet(response) {
  const answer = await fetch(BACK);
  response.end(`${GREETING}, visitor ${(await answer.text()).trim()}\n`);
}

const server = createServer((_request, response) => {
  greet(response).catch((error) => {
    response.writeHead(502).end(`the back does not answer: ${error.cause?.message ?? error.message}\n`);
  });
});
server.listen(8000);

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
