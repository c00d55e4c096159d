import { spawn } from "node:child_process";
import { GantryError } from "../../error.ts";
import { errnoOf } from "../../host/errno.ts";

const PROGRAM = "nft";
/** It waits for the kernel's transaction lock, not for anybody else. */
const PATIENCE_MS = 20_000;

/** The program is not on this machine. */
export class NftMissing extends GantryError {
  constructor(cause: unknown) {
    super("kernel", "nft is missing", { next: "apt-get install nftables", cause });
  }
}

/** Runs nft(8) with the text on its standard input; returns what it printed. Throws NftMissing, kernel. */
export async function nft(args: readonly string[], input = ""): Promise<string> {
  return await new Promise<string>((resolve, reject) => {
    const child = spawn(PROGRAM, args, { stdio: "pipe", timeout: PATIENCE_MS, cwd: "/" });
    let out = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
    child.stdin.on("error", () => undefined); // it may end without reading
    child.on("error", (error) => reject(errnoOf(error) === "ENOENT" ? new NftMissing(error) : error));
    child.on("close", (code) => {
      if (code === 0) resolve(out);
      else
        reject(
          new GantryError(
            "kernel",
            `nft: ${complaint.trim() || `it ended with status ${code ?? "unknown"}`}`,
          ),
        );
    });
    child.stdin.end(input);
  });
}
