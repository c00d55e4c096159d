import type { Output } from "../../../src/cli/context.ts";

/** An output that remembers what was written to it. */
export class TextBuffer implements Output {
  readonly isTTY: boolean;
  readonly columns = 60;
  text = "";

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  write(text: string | Uint8Array): boolean {
    this.text += typeof text === "string" ? text : Buffer.from(text).toString("utf8");
    return true;
  }
}
