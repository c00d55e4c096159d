import { syscallTable, type SyscallTable } from "./table.ts";

/** A system call whose first argument selects another one. */
export interface Multiplexer {
  readonly name: string;
  /** The bits of the first argument that select. */
  readonly mask: bigint;
  readonly selectors: SyscallTable;
}

/**
 * 32-bit x86 reaches sockets and System V IPC in two ways: by a number each, and through these two. A rule about
 * one must hold for both, or a program need only take the other way. Their further arguments lie in memory, where
 * a filter cannot look. socketcall(2), ipc(2); the upper half of ipc's selector is a version.
 */
export const I386_MULTIPLEXERS: readonly Multiplexer[] = [
  {
    name: "socketcall",
    mask: 0xffffffffn,
    selectors: syscallTable({
      1: "socket bind connect listen accept getsockname getpeername socketpair",
      9: "send recv sendto recvfrom shutdown setsockopt getsockopt sendmsg",
      17: "recvmsg accept4 recvmmsg sendmmsg",
    }),
  },
  {
    name: "ipc",
    mask: 0xffffn,
    selectors: syscallTable({
      1: "semop semget semctl semtimedop",
      11: "msgsnd msgrcv msgget msgctl",
      21: "shmat shmdt shmget shmctl",
    }),
  },
];
