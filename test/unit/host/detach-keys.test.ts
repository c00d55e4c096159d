import { describe, expect, it } from "vitest";
import { DEFAULT_DETACH_KEYS, parseDetachKeys, untilDetached } from "../../../src/host/detach-keys.ts";

async function typed(keys: string, ...chunks: readonly string[]): Promise<readonly [string, string]> {
  async function* source() {
    for (const chunk of chunks) yield Buffer.from(chunk, "latin1");
  }
  const reader = untilDetached(source(), parseDetachKeys(keys));
  let passed = "";
  for (;;) {
    const { value, done } = await reader.next();
    if (done === true) return [passed, value];
    passed += Buffer.from(value).toString("latin1");
  }
}

describe("detach keys", () => {
  it("end the input, and what follows is not sent", async () => {
    expect(await typed(DEFAULT_DETACH_KEYS, "ls\r\x10\x11more")).toEqual(["ls\r", "detached"]);
  });

  it("may come one by one", async () => {
    expect(await typed(DEFAULT_DETACH_KEYS, "a\x10", "\x11")).toEqual(["a", "detached"]);
  });

  it("reach the program where they turn out to be something else", async () => {
    expect(await typed(DEFAULT_DETACH_KEYS, "\x10x\x11", "\x10")).toEqual(["\x10x\x11\x10", "ended"]);
    expect(await typed("a,b,c", "abab", "abc")).toEqual(["abab", "detached"]);
    expect(await typed("a,b", "aab")).toEqual(["a", "detached"]);
  });

  it("may be any characters and control characters", () => {
    expect(parseDetachKeys("ctrl-@,ctrl-a,x,ctrl-]")).toEqual([0, 1, 0x78, 0x1d]);
  });

  it.each(["", "ctrl-", "ctrl-AB", "p,,q", "\x07", "ctrl-é"])("refuses %j", (text) => {
    expect(() => parseDetachKeys(text)).toThrow(/is no key/);
  });
});
