/** What the kernel hands to a filter: struct seccomp_data, without the instruction pointer. */
export interface Call {
  /** AUDIT_ARCH_*. */
  readonly audit: number;
  readonly number: number;
  readonly args?: readonly bigint[];
}

export interface Outcome {
  readonly action: number;
  /** Instructions executed. */
  readonly steps: number;
}

/**
 * Runs a filter on one call as the kernel would, and throws for whatever the kernel's checker refuses to load:
 * other instructions, loads outside seccomp_data, jumps past the end, a last instruction that does not return.
 */
export function runFilter(program: Uint8Array, call: Call): Outcome {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = encode(call);
  let accumulator = 0;
  let steps = 0;
  for (let at = 0; ;) {
    if ((at + 1) * 8 > program.byteLength) throw new Error(`instruction ${at} lies past the end`);
    const code = view.getUint16(at * 8, true);
    const [whenTrue, whenFalse] = [view.getUint8(at * 8 + 2), view.getUint8(at * 8 + 3)];
    const operand = view.getUint32(at * 8 + 4, true);
    const jump = (condition: boolean): number => at + 1 + (condition ? whenTrue : whenFalse);
    steps += 1;
    switch (code) {
      case 0x20:
        if (operand % 4 !== 0) throw new Error(`instruction ${at} loads from ${operand}`);
        accumulator = data.getUint32(operand, true);
        at += 1;
        break;
      case 0x54:
        accumulator = (accumulator & operand) >>> 0;
        at += 1;
        break;
      case 0x05:
        at += 1 + operand;
        break;
      case 0x15:
        at = jump(accumulator === operand);
        break;
      case 0x25:
        at = jump(accumulator > operand);
        break;
      case 0x35:
        at = jump(accumulator >= operand);
        break;
      case 0x06:
        return { action: operand, steps };
      default:
        throw new Error(`instruction ${at} has the code 0x${code.toString(16)}`);
    }
  }
}

/** Every instruction in turn, as the kernel's checker sees them: also those that no call reaches. */
export function checkFilter(program: Uint8Array): void {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const count = program.byteLength / 8;
  for (let at = 0; at < count; at += 1) {
    const code = view.getUint16(at * 8, true);
    const farthest =
      code === 0x05
        ? view.getUint32(at * 8 + 4, true)
        : Math.max(view.getUint8(at * 8 + 2), view.getUint8(at * 8 + 3));
    if (at + 1 + farthest >= count && code !== 0x06) throw new Error(`instruction ${at} leads past the end`);
    if (![0x20, 0x54, 0x05, 0x15, 0x25, 0x35, 0x06].includes(code))
      throw new Error(`instruction ${at} has the code 0x${code.toString(16)}`);
  }
}

function encode({ audit, number, args = [] }: Call): DataView {
  const view = new DataView(new ArrayBuffer(64));
  view.setUint32(0, number, true);
  view.setUint32(4, audit, true);
  args.forEach((value, index) => view.setBigUint64(16 + index * 8, value, true));
  return view;
}
