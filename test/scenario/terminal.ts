import { type ChildProcess, spawn } from "node:child_process";
import { until } from "./until.ts";

/**
 * A command on a terminal of its own, as a person sits before it. `python3 -c` opens the terminal, since Node cannot:
 * what we write to its standard input is typed, what the terminal shows is its standard output. A line
 * `resize ROWS COLUMNS` on descriptor 3 changes the window's size.
 */
const OPEN_TERMINAL = `
import fcntl, os, pty, select, struct, sys, termios
def size(rows, columns): fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
child, master = pty.fork()
if child == 0:
    os.read(0, 1)
    os.execvp(sys.argv[3], sys.argv[3:])
size(int(sys.argv[1]), int(sys.argv[2]))
os.write(master, b"\\n")
sources = [0, 3, master]
while master in sources:
    for fd in select.select(sources, [], [])[0]:
        try: data = os.read(fd, 65536)
        except OSError: data = b""
        if not data: sources.remove(fd)
        elif fd == 0: os.write(master, data)
        elif fd == master: os.write(1, data)
        else: size(*[int(word) for word in data.split()[1:]])
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
`;

export interface Terminal {
  readonly child: ChildProcess;
  /** All that was shown so far, escape sequences included. */
  shown(): string;
  type(text: string): void;
  resize(rows: number, columns: number): void;
  /** Waits until it shows something. */
  shows(pattern: RegExp): Promise<void>;
  /** Resolves with the command's exit status, 128 + signal for a killed one. */
  readonly over: Promise<number>;
}

export function openTerminal(
  command: readonly string[],
  options: {
    readonly env: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly rows?: number;
    readonly columns?: number;
  },
): Terminal {
  const { env, cwd = "/", rows = 24, columns = 80 } = options;
  const args = ["-c", OPEN_TERMINAL, String(rows), String(columns), ...command];
  const child = spawn("python3", args, { env, cwd, stdio: ["pipe", "pipe", "inherit", "pipe"] });
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  child.stdin?.on("error", () => undefined);
  const control = child.stdio[3] as NodeJS.WritableStream;
  control.on("error", () => undefined);
  return {
    child,
    shown: () => text,
    type: (typed) => void child.stdin?.write(typed),
    resize: (height, width) => void control.write(`resize ${height} ${width}\n`),
    shows: async (pattern) => {
      await until(`the terminal to show ${pattern}`, () => pattern.test(text)).catch((error: unknown) => {
        throw new Error(`it shows:\n${text}`, { cause: error });
      });
    },
    over: new Promise((resolve) => child.once("close", (code) => resolve(code ?? -1))),
  };
}
