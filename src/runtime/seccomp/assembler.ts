/**
 * Classic BPF, written from the end to the beginning. Jumps in it only go forward, so everything a jump can lead to
 * is there already when the jump is written, and no second pass has to fill in distances.
 * Linux: Documentation/networking/filter.rst; struct sock_filter in linux/filter.h.
 */
export interface Instruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly operand: number;
}

/** A place in the program: the number of instructions from it to the end. */
export type Label = number;
/** Where a branch goes: to a place, or out of the program with this answer. */
export type Target = { readonly label: Label } | { readonly answer: number };

/** BPF_MAXINSNS: the kernel takes no longer program. */
export const MAX_INSTRUCTIONS = 4096;
export const INSTRUCTION_BYTES = 8;

const LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
const JUMP = 0x05; // BPF_JMP | BPF_JA
const RETURN = 0x06; // BPF_RET | BPF_K
const BRANCHES = { EQ: 0x15, GT: 0x25, GE: 0x35 } as const; // BPF_JMP | BPF_J.. | BPF_K
export type Branch = keyof typeof BRANCHES;

/** A branch has one byte for each of its distances. */
const FARTHEST = 255;

export class Assembler {
  /** The last instruction first. */
  readonly #written: Instruction[] = [];
  readonly #answers = new Map<number, Label>();

  get length(): number {
    return this.#written.length;
  }

  /** Loads the 32 bits at a byte offset of struct seccomp_data. */
  load(offset: number): Label {
    return this.#write({ code: LOAD_WORD, jumpTrue: 0, jumpFalse: 0, operand: offset });
  }

  /** Keeps only the bits of the mask. */
  and(mask: number): Label {
    return this.#write({ code: AND, jumpTrue: 0, jumpFalse: 0, operand: mask });
  }

  /** Compares what is loaded with an unsigned 32-bit number, and goes on at one of two places. */
  branch(comparison: Branch, operand: number, whenTrue: Target, whenFalse: Target): Label {
    // Reaching the second place may add an instruction between this branch and the first.
    const yes = this.#reach(whenTrue, FARTHEST - 1);
    const no = this.#reach(whenFalse, FARTHEST);
    const here = this.#written.length;
    return this.#write({
      code: BRANCHES[comparison],
      jumpTrue: here - yes,
      jumpFalse: here - no,
      operand,
    });
  }

  /** Makes the instruction written next, unless it is a branch, go on at the target. */
  continueAt(target: Target): void {
    this.#reach(target, 0);
  }

  /** The program as an array of struct sock_filter, little endian. */
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#written.length * INSTRUCTION_BYTES);
    const view = new DataView(bytes.buffer);
    this.#written.toReversed().forEach(({ code, jumpTrue, jumpFalse, operand }, index) => {
      const at = index * INSTRUCTION_BYTES;
      view.setUint16(at, code, true);
      view.setUint8(at + 2, jumpTrue);
      view.setUint8(at + 3, jumpFalse);
      view.setUint32(at + 4, operand, true);
    });
    return bytes;
  }

  /** A place at most `limit` instructions ahead of the next one written that leads to the target. */
  #reach(target: Target, limit: number): Label {
    const label = "label" in target ? target.label : this.#answers.get(target.answer);
    if (label !== undefined && this.#written.length - label <= limit) return label;
    if ("label" in target) {
      const distance = this.#written.length - target.label;
      return this.#write({ code: JUMP, jumpTrue: 0, jumpFalse: 0, operand: distance });
    }
    const answer = this.#write({ code: RETURN, jumpTrue: 0, jumpFalse: 0, operand: target.answer });
    this.#answers.set(target.answer, answer);
    return answer;
  }

  #write(instruction: Instruction): Label {
    this.#written.push(instruction);
    return this.#written.length;
  }
}
