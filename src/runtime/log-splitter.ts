const NEWLINE = 0x0a;

/** The shim cuts lines at 16 KiB, so that anything much longer is no record but damage; it is skipped. */
const LONGEST_RECORD = 1024 * 1024;

/** Cuts a stream of bytes into newline-ended records. Holds at most one unfinished record. */
export class LogSplitter {
  #unfinished: Buffer[] = [];
  #held = 0;
  #skipping = false;

  /** The records that this chunk completes, each with its newline. */
  *push(chunk: Buffer): Generator<Buffer> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      const rest = chunk.subarray(start, end + 1);
      start = end + 1;
      const whole = this.#held === 0 ? rest : Buffer.concat([...this.#unfinished, rest]);
      const damaged = this.#skipping;
      this.reset();
      if (!damaged) yield whole;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** Forgets an unfinished record: the file ended, and nobody will finish it. */
  reset(): void {
    this.#unfinished = [];
    this.#held = 0;
    this.#skipping = false;
  }

  #hold(piece: Buffer): void {
    if (this.#skipping) return;
    this.#held += piece.length;
    this.#unfinished.push(piece);
    if (this.#held <= LONGEST_RECORD) return;
    this.reset();
    this.#skipping = true;
  }
}
