import type { LogLine } from "./session.ts";

/**
 * A record of the log file, as the CRI has it: `2026-11-24T02:44:07.123456789Z stdout F text`, newline-ended.
 * `F` ends a line of the program's output, `P` is a part of one that goes on (or that its writer never ended).
 * https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
 */
const HEAD = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) (stdout|stderr) ([FP]) $/;

/** `2026-11-24T02:44:07.123456789Z stderr F `: no head is longer. */
const LONGEST_HEAD = 40;

const SPACE = 0x20;

/** Reads one record, its newline included; undefined for anything that is not one. Copies nothing. */
export function parseRecord(record: Buffer): LogLine | undefined {
  const text = afterThirdSpace(record);
  if (text === undefined) return undefined;
  const [, time, stream, tag] = HEAD.exec(record.toString("latin1", 0, text)) ?? [];
  if (time === undefined || (stream !== "stdout" && stream !== "stderr")) return undefined;
  return { time, stream, data: record.subarray(text, tag === "F" ? record.length : record.length - 1) };
}

function afterThirdSpace(record: Buffer): number | undefined {
  let at = 0;
  for (let spaces = 0; spaces < 3; spaces += 1) {
    at = record.indexOf(SPACE, at) + 1;
    if (at === 0 || at > LONGEST_HEAD) return undefined;
  }
  return at;
}
