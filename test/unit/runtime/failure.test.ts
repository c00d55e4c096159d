import { constants } from "node:os";
import { expect, it } from "vitest";
import { explainFailure, Interrupted } from "../../../src/runtime/failure.ts";

const { ENOENT, EACCES, ENOEXEC, EAGAIN, EPERM } = constants.errno;
const explain = (about: string, errno: number) => explainFailure({ operation: 3, errno, about });

it.each([
  ["exec nothing", ENOENT, "command.not-found", "nothing"],
  ["exec /etc/passwd", EACCES, "command.not-executable", "/etc/passwd"],
  ["exec /script", ENOEXEC, "command.not-executable", "interpreter"],
  ["chdir /srv/a file", EACCES, "command.not-executable", "/srv/a file"],
  ["user bert", constants.errno.EINVAL, "kernel", "bert"],
  ["host-tree /srv/not here", ENOENT, "kernel", "/srv/not here"],
  ["mount /sys", EPERM, "kernel", "mount /sys: EPERM"],
])("%s with errno %i is %s and names what it was about", (about, errno, code, words) => {
  const error = explain(about, errno);
  expect(error.code).toBe(code);
  expect(error.message).toContain(words);
});

it("a lock that another shim holds says nothing about the container", () => {
  expect(explain("control socket", EAGAIN)).toBeInstanceOf(Interrupted);
  expect(explain("control socket", EPERM)).not.toBeInstanceOf(Interrupted);
});
