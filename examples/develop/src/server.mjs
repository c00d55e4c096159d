import { createServer } from "node:http";
import { greeting } from "./greeting.mjs";

createServer((_request, response) => {
  response.end(`${greeting(process.env.NAME)}\n`);
}).listen(8000);
