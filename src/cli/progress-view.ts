import type { Progress } from "../daemon/protocol.ts";
import type { Output } from "./context.ts";
import { progressLine, stepText, withLine, type ProgressLine } from "./progress.ts";
import { printable } from "./table.ts";

type StepProgress = Extract<Progress, { readonly type: "step" }>;

/** Shows steps as they come. */
export interface ProgressView {
  step(step: StepProgress): void;
  /** Something of which there is a line, by key: on a terminal the last news, elsewhere how it ended. */
  line(line: ProgressLine): void;
  /** A line that stays, between the steps. */
  note(text: string): void;
}

/** Lines redrawn in place beyond these would scroll out of reach of the cursor. */
const MAX_LIVE_LINES = 20;

/** A view for this output: redrawn lines on a terminal, plain lines anywhere else. */
export function progressView(output: Output): ProgressView {
  return output.isTTY === true && process.env["TERM"] !== "dumb"
    ? new TerminalView(output)
    : new PlainView(output);
}

/** One line per step that is over; a step's beginning is not worth a line in a log. */
class PlainView implements ProgressView {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  step(step: StepProgress): void {
    if (step.state !== "started") this.note(`${printable(step.subject)}  ${stepText(step)}`);
  }

  line(line: ProgressLine): void {
    if (line.state !== "started") this.note(lineText(line));
  }

  note(text: string): void {
    this.#output.write(`${text}\n`);
  }
}

/**
 * One line per object. Lines that are over leave upwards for good as soon as everything above them is over too,
 * so the part redrawn in place holds little more than what is under way.
 */
class TerminalView implements ProgressView {
  readonly #output: Output;
  #lines: readonly ProgressLine[] = [];
  #drawn = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  step(step: StepProgress): void {
    this.line(progressLine(step));
  }

  line(line: ProgressLine): void {
    this.#lines = withLine(this.#lines, line);
    this.#draw("");
  }

  note(text: string): void {
    this.#draw(`${text}\n`);
  }

  #draw(above: string): void {
    // A pseudo-terminal that nobody gave a size says 0.
    const width = this.#output.columns || 80;
    const open = this.#lines.findIndex(({ state }) => state === "started");
    const settled = this.#lines.slice(0, open === -1 ? this.#lines.length : open);
    this.#lines = this.#lines.slice(settled.length);
    const live = this.#lines.filter(({ state }) => state === "started").length;
    const shown = this.#lines.slice(0, MAX_LIVE_LINES).map((line) => cut(lineText(line), width));
    if (this.#lines.length > shown.length) shown.push(`… ${live} under way`);
    const erase = this.#drawn === 0 ? "" : `\u001B[${this.#drawn}A\u001B[J`;
    const text = [...settled.map((line) => cut(lineText(line), width)), ...shown];
    this.#output.write(erase + above + text.map((line) => `${line}\n`).join(""));
    this.#drawn = shown.length;
  }
}

function lineText({ subject, text }: ProgressLine): string {
  return `${subject}  ${text}`;
}

/** A line that wraps would take two rows and put the cursor's arithmetic out. */
function cut(line: string, width: number): string {
  return line.length < width ? line : `${line.slice(0, Math.max(1, width - 2))}…`;
}
