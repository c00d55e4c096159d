import { describe, expect, it } from "vitest";
import { catchesSignal, signalNumber } from "../../../src/runtime/signal.ts";

describe("a signal's number", () => {
  it.each([
    ["SIGTERM", 15],
    ["term", 15],
    ["9", 9],
    ["64", 64],
    ["SIGRTMIN", 34],
    ["RTMIN+3", 37],
  ])("of %s is %i", (name, number) => expect(signalNumber(name)).toBe(number));

  it.each(["", "0", "65", "-1", "1.5", "SIGNONE", "TERM ", "SIGRTMIN+x"])("%j is none", (name) =>
    expect(() => signalNumber(name)).toThrow("unknown signal"),
  );
});

describe("whether the first process would notice a signal", () => {
  const status = (more: string, threads = 1): string => `Name:\tx\nThreads:\t${threads}\n${more}`;
  const none = "SigBlk:\t0000000000000000\nSigCgt:\t0000000000000000\n";

  it("not without a handler", () => expect(catchesSignal(status(none), "0 0x0", 15)).toBe(false));
  it("with a handler for just this one", () => {
    const caught = status("SigBlk:\t0000000000000000\nSigCgt:\t0000000000004000\n");
    expect(catchesSignal(caught, "0 0x0", 15)).toBe(true);
    expect(catchesSignal(caught, "0 0x0", 2)).toBe(false);
  });
  it("when it is blocked, to be waited for", () =>
    expect(catchesSignal(status("SigBlk:\t0000000000004000\nSigCgt:\t0\n"), "0 0x0", 15)).toBe(true));
  it("while it waits for signals, on x86_64 and aarch64", () => {
    expect(catchesSignal(status(none), "128 0x0", 15)).toBe(true);
    expect(catchesSignal(status(none), "137 0x0", 15)).toBe(true);
  });
  it("when in doubt: threads, or files that could not be read", () => {
    expect(catchesSignal(status(none, 2), "0 0x0", 15)).toBe(true);
    expect(catchesSignal("", "", 15)).toBe(true);
  });
});
