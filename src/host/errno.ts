import { constants } from "node:os";

// Of two names for a number (EAGAIN, EWOULDBLOCK) the first is the one that manual pages use.
const NAMES = new Map(
  Object.entries(constants.errno)
    .toReversed()
    .map(([name, number]) => [number, name]),
);

/** `ENOENT` for 2 and so on; `errno 12345` for one that has no name. */
export function errnoName(number: number): string {
  return NAMES.get(number) ?? `errno ${number}`;
}

/** The code of a failed system call, undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
