import {
  ALLOW,
  EPERM,
  failWith,
  KILL_PROCESS,
  KILL_THREAD,
  LOG,
  MAX_ERRNO,
  NOTIFY,
  traceWith,
  TRAP,
  type SeccompAction,
} from "./action.ts";
import { choiceAt, integerAt } from "./json-shape.ts";

type ReadAction = (errno: unknown, path: string) => SeccompAction;

const FIXED =
  (action: SeccompAction): ReadAction =>
  () =>
    action;

const ACTIONS: Readonly<Record<string, ReadAction>> = {
  SCMP_ACT_KILL: FIXED(KILL_THREAD),
  SCMP_ACT_KILL_THREAD: FIXED(KILL_THREAD),
  SCMP_ACT_KILL_PROCESS: FIXED(KILL_PROCESS),
  SCMP_ACT_TRAP: FIXED(TRAP),
  SCMP_ACT_ERRNO: (errno, path) => failWith(integerAt(errno ?? EPERM, path, MAX_ERRNO)),
  SCMP_ACT_TRACE: (errno, path) => traceWith(integerAt(errno ?? EPERM, path, 0xffff)),
  SCMP_ACT_ALLOW: FIXED(ALLOW),
  SCMP_ACT_LOG: FIXED(LOG),
  SCMP_ACT_NOTIFY: FIXED(NOTIFY),
};

/** An action and the errno beside it, as in `{"action": "SCMP_ACT_ERRNO", "errnoRet": 38}`. */
export function parseAction(name: unknown, errno: unknown, path: string): SeccompAction {
  return choiceAt(name, path, ACTIONS)(errno, path);
}
