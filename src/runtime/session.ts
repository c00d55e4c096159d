import type { Writable } from "node:stream";

/** In characters; 0 where nobody knows it yet. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** What to run inside a container that is running already. */
export interface ExecConfig {
  /** argv; the first word is looked up in the container's PATH. */
  readonly command: readonly string[];
  /** Added to (and overriding) the container's environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  readonly user?: string;
  /** Keep stdin open; without it the process reads from /dev/null. */
  readonly stdin: boolean;
  /** Run it on a terminal of the container's own: all output then is stdout. */
  readonly terminal?: TerminalSize;
}

export interface OutputChunk {
  readonly stream: "stdout" | "stderr";
  readonly data: Uint8Array;
}

/** A process started by exec. */
export interface ExecSession {
  /** Host pid. */
  readonly pid: number;
  /** Ending it closes the process's stdin; a terminal stays open. */
  readonly stdin: Writable;
  /** Ends when every writer of both pipes is gone. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Exit status, 128 + signal for a killed process. */
  readonly exit: Promise<number>;
  /** Sends a signal to the process and its group; nothing happens when it is gone. */
  kill(signal: number): void;
  /** Tells the terminal its new size; without a terminal nothing happens. */
  resize(size: TerminalSize): void;
  /** Stops listening: its output ends here, and the process goes on. */
  close(): void;
}

/** A line of a container's log. */
export interface LogLine {
  /** RFC 3339 with nanoseconds, UTC. */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  /** The bytes as written, with the newline unless the line was cut (16 KiB) or the writer never ended it. */
  readonly data: Uint8Array;
}

export interface LogOptions {
  /** Go on with new lines until the container exits or the signal aborts. */
  readonly follow: boolean;
  /** With follow: of one that does not run, go on until the end of its next life. */
  readonly nextLife?: boolean;
  /** Only the last so many lines (of those selected); all when absent. */
  readonly tail?: number;
  /** Only lines at or after, ms since the epoch. */
  readonly since?: number;
  readonly signal?: AbortSignal;
}
