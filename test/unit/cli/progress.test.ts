import { expect, test } from "vitest";
import type { Progress } from "../../../src/daemon/protocol.ts";
import { followProgress } from "../../../src/cli/follow-progress.ts";
import { progressLine, withLine } from "../../../src/cli/progress.ts";
import { progressView } from "../../../src/cli/progress-view.ts";
import { TextBuffer } from "./text-buffer.ts";

type StepProgress = Extract<Progress, { readonly type: "step" }>;

function step(number: number, state: StepProgress["state"], more: Partial<StepProgress> = {}): StepProgress {
  const subject = `web.${number}`;
  return {
    type: "step",
    key: `create ${subject}`,
    subject,
    kind: "create",
    state,
    cause: "replicas 1 -> 3",
    ...more,
  };
}

async function* stream(...lines: readonly Progress[]): AsyncGenerator<Progress> {
  yield* lines;
}

test("each object keeps its line, in the order they began", () => {
  const news = [step(1, "started"), step(2, "started"), step(1, "done", { ms: 12 })];
  const lines = news.map(progressLine).reduce(withLine, [] as ReturnType<typeof withLine>);
  expect(lines.map(({ subject, text }) => `${subject}  ${text}`)).toEqual([
    "web.1  started  (12 ms)",
    "web.2  starting  replicas 1 -> 3",
  ]);
});

test("outside a terminal one plain line is printed per step that is over", async () => {
  const stdout = new TextBuffer();
  const changed = await followProgress(
    { stdout, stderr: new TextBuffer() },
    stream(
      { type: "plan", text: "+ web.1  create", steps: 1 },
      step(1, "started"),
      step(1, "done", { ms: 12 }),
      step(2, "failed", { message: "no such command\u001B[2J" }),
      { type: "done", changed: 1, ms: 15 },
    ),
  );
  expect(changed).toBe(1);
  expect(stdout.text).toBe(
    "web.1  started  (12 ms)\nweb.2  failed  no such command?[2J\n1 changed in 15 ms\n",
  );
});

test("a kind of step that a newer daemon may have is shown all the same", () => {
  const [line] = withLine([], progressLine(step(1, "done", { kind: "__proto__" })));
  expect(line?.text).toBe("done");
});

test("on a terminal the lines under way are redrawn in place and those that are over stay", () => {
  const output = new TextBuffer(true);
  const view = progressView(output);
  view.step(step(1, "started"));
  view.step(step(2, "started"));
  view.step(step(1, "done", { ms: 3 }));
  view.note("1 changed");
  expect(screen(output.text)).toEqual([
    "web.1  started  (3 ms)",
    "1 changed",
    "web.2  starting  replicas 1 -> 3",
  ]);
});

test("a line that is wider than the terminal is cut, so that redrawing does not go wrong", () => {
  const output = new TextBuffer(true);
  progressView(output).step(step(1, "started", { cause: "x".repeat(200) }));
  expect(Math.max(...output.text.split("\n").map(({ length }) => length))).toBeLessThan(60);
});

test("an error line becomes the error it was", async () => {
  const body = { message: "port 8080 is taken", code: "port.taken", next: "try: another" } as const;
  const context = { stdout: new TextBuffer(), stderr: new TextBuffer() };
  await expect(followProgress(context, stream({ type: "error", error: body }))).rejects.toMatchObject(body);
});

test("a stream without a last word means that the daemon went away", async () => {
  const context = { stdout: new TextBuffer(), stderr: new TextBuffer() };
  await expect(followProgress(context, stream(step(1, "done")))).rejects.toMatchObject({
    code: "daemon.unreachable",
  });
});

/** What a terminal shows after these bytes: newlines, "cursor up N" and "erase below" are all we use. */
function screen(text: string): string[] {
  const rows = [""];
  let row = 0;
  const [plain = "", ...commands] = text.split("\u001B[");
  const put = (words: string): void => {
    for (const [index, part] of words.split("\n").entries()) {
      if (index > 0) row += 1;
      rows[row] = (rows[row] ?? "") + part;
    }
  };
  put(plain);
  for (const command of commands) {
    const [, count, letter, rest] = /^(\d*)([AJ])(.*)$/s.exec(command) ?? [];
    if (letter === "A") row -= Number(count);
    else rows.length = row;
    put(rest ?? "");
  }
  return rows.filter((line) => line !== "");
}
