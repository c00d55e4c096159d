import { type OperationName, OPERATIONS } from "../../../src/runtime/plan/operation.ts";

export interface DecodedOperation {
  readonly name: OperationName;
  readonly arguments: readonly (bigint | string)[];
}

const NAMES = new Map(
  Object.entries(OPERATIONS).map(([name, [code]]) => [code as number, name as OperationName]),
);

/** Reads a plan back, by the format's description in native/plan.h and not by the writer's code. */
export function decodePlan(bytes: Uint8Array): readonly DecodedOperation[] {
  const view = Buffer.from(bytes);
  const operations: DecodedOperation[] = [];
  let at = 12;
  for (let left = view.readUInt32LE(8); left > 0; left--) {
    const name = NAMES.get(view.readUInt16LE(at));
    if (name === undefined) throw new Error(`an unknown operation at byte ${at}`);
    const form = OPERATIONS[name][1].split("");
    if (view.readUInt16LE(at + 2) !== form.length) throw new Error(`${name} has a wrong number of arguments`);
    at += 4;
    const values = form.map((letter) => {
      const size = view.readUInt32LE(at);
      const start = at + 4;
      at = start + ((size + 4) & ~3);
      return letter === "i" ? view.readBigInt64LE(start) : view.toString("utf8", start, start + size);
    });
    operations.push({ name, arguments: values });
  }
  if (at !== view.length) throw new Error("bytes after the last operation");
  return operations;
}
