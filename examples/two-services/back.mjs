// Counts visitors and keeps the number in a file of its volume.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const FILE = "/data/count";

function stored() {
  try {
    return Number(readFileSync(FILE, "utf8"));
  } catch {
    return 0; // the first start: the volume is empty
  }
}

let count = stored();
const server = createServer((_request, response) => {
  count += 1;
  writeFileSync(`${FILE}.new`, String(count));
  renameSync(`${FILE}.new`, FILE);
  response.end(`${count}\n`);
});
server.listen(8000);

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
