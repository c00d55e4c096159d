import { expect, it } from "vitest";
import { selectProcesses } from "../../../src/runtime/process-table.ts";

const OUTPUT = `UID          PID    PPID CMD
root           1       0 /sbin/init splash
root          42       1 sh -c  sleep 1 &  wait
root         420      42 sleep 1
`;

it("only the lines of the pids asked for, the command in one piece", () => {
  expect(selectProcesses(OUTPUT, [42, 4])).toEqual({
    titles: ["UID", "PID", "PPID", "CMD"],
    processes: [["root", "42", "1", "sh -c sleep 1 & wait"]],
  });
});

it("refuses output without pids: it would show everybody's processes", () => {
  expect(() => selectProcesses("CMD\nsh\n", [1])).toThrow("no PID column");
  expect(() => selectProcesses("", [1])).toThrow("no PID column");
});
