// Just enough of redis' protocol for one command, so that the example needs no package. Yours would use one from npm.
import { connect } from "node:net";

/** Sends one command and returns the answer: the text behind `:` or `+`. Rejects where redis says `-`, or nothing. */
export function redis(host, ...words) {
  return new Promise((resolve, reject) => {
    const socket = connect(6379, host);
    let text = "";
    socket.setEncoding("utf8").setTimeout(2_000, () => socket.destroy(new Error("no answer")));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed without an answer")));
    socket.on("data", (chunk) => {
      text += chunk;
      if (!text.endsWith("\r\n")) return;
      socket.end();
      if (text.startsWith("-")) reject(new Error(text.slice(1).trim()));
      else resolve(text.slice(1).trim());
    });
    socket.write(`${words.join(" ")}\r\n`);
  });
}
