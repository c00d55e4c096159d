import { InvalidValue } from "./report.ts";
import { didYouMean } from "./suggest.ts";

/** Linux's standard signals by number, from 1; see signal(7). x86_64 and aarch64 agree. */
const NAMES = (
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT " +
  "CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
).split(" ");
/** As the C libraries number them, the first two or three real-time signals being theirs. */
const RTMIN = 34;
const RTMAX = 64;

/** `SIGTERM` or `SIGRTMIN+3` from `SIGTERM`, `term`, `15`, `RTMIN+3`, `SIGRTMAX-2`. Throws InvalidValue. */
export function readSignal(text: string): string {
  const name = text.toUpperCase().replace(/^SIG/, "");
  if (NAMES.includes(name)) return `SIG${name}`;
  const number = signalNumber(name);
  if (number === undefined)
    throw new InvalidValue(
      `"${text}" is not a signal${didYouMean(
        text,
        NAMES.map((each) => `SIG${each}`),
      )}`,
    );
  const standard = NAMES[number - 1];
  if (standard !== undefined) return `SIG${standard}`;
  return number === RTMIN ? "SIGRTMIN" : `SIGRTMIN+${number - RTMIN}`;
}

function signalNumber(name: string): number | undefined {
  const [, base, offset, digits] = /^(?:(RTMIN|RTMAX)([+-]\d{1,2})?|(\d{1,2}))$/.exec(name) ?? [];
  if (digits !== undefined) {
    const number = Number(digits);
    return (number >= 1 && number <= NAMES.length) || (number >= RTMIN && number <= RTMAX)
      ? number
      : undefined;
  }
  if (base === undefined) return undefined;
  const number = (base === "RTMIN" ? RTMIN : RTMAX) + Number(offset ?? 0);
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}
